import { describe, expect, it } from 'vitest'
import { parseListenAddress } from '../../../src/config/listen-address.ts'

describe('an address', () => {
  it.each([
    ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
    [':9000', { host: '127.0.0.1', port: 9000 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
  ])('%s', (text, want) => {
    expect(parseListenAddress(text)).toEqual(want)
  })

  it.each(['8080', 'localhost', '127.0.0.1:99999', '::1:80', ''])('%s is none', (text) => {
    expect(() => parseListenAddress(text)).toThrow('is no address')
  })
})
