import { userInfo } from 'node:os'
import { expect, it } from 'vitest'
import { userName } from '../../../src/cli/user-name.ts'

it('is that of the system', () => {
  expect(userName()).toBe(userInfo().username)
})

it('is the number of a user of which the system has not heard, as in containers', () => {
  const unheardOf = (): string => {
    throw new Error('uv_os_get_passwd returned ENOENT')
  }
  expect(userName(unheardOf)).toBe(`uid ${process.getuid?.()}`)
})
