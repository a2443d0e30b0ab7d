import { describe, expect, it } from 'vitest'
import { createStreamMask, maskCutText, maskSecrets, secretsOf } from '../../../src/runs/mask.ts'

describe('values of Secrets in text', () => {
  const secret = 'pa/ss+wörd"1'
  it.each([
    { name: 'as it is', text: `password is ${secret}!`, values: [secret], wantText: 'password is ***!' },
    { name: 'without the newline of its file', text: `x ${secret} y`, values: [`${secret}\n`], wantText: 'x *** y' },
    { name: 'as base64', text: `a ${Buffer.from(secret).toString('base64')}`, values: [secret], wantText: 'a ***==' },
    {
      name: 'as base64 with its newline',
      text: `a ${Buffer.from(`${secret}\n`).toString('base64')} b`,
      values: [`${secret}\n`],
      wantText: 'a ***= b',
    },
    {
      name: 'as base64 in lines',
      text: Buffer.from('long '.repeat(30)).toString('base64').replace(/.{76}/g, '$&\n'),
      values: ['long '.repeat(30)],
      wantText: '***\n***\n***',
    },
    { name: 'in a URL', text: `https://u:${encodeURIComponent(secret)}@host`, values: [secret], wantText: 'https://u:***@host' },
    { name: 'in JSON', text: JSON.stringify({ secret }), values: [secret], wantText: '{"secret":"***"}' },
    { name: 'line by line', text: 'at first-line and\nsecond-line', values: ['first-line\nsecond-line\n'], wantText: 'at *** and\n***' },
    { name: 'of several lines, a short one among them, as a whole', text: 'at ab\nlonger-line.', values: ['ab\nlonger-line'], wantText: 'at ***.' },
    { name: 'the longer of two first', text: 'abcdefgh', values: ['abcd', 'abcdefgh'], wantText: '***' },
    { name: 'with colour codes within', text: 'a cor\u001b[31mrect\u001b[0m horse b', values: ['correct horse'], wantText: 'a *** b' },
    {
      name: 'with colour codes around it, which stay',
      text: '\u001b[31mcorrect horse\u001b[0m',
      values: ['correct horse'],
      wantText: '\u001b[31m***\u001b[0m',
    },
    { name: 'not what says no more than yes or no', text: 'tls=true', values: ['true', 'false', 'null'], wantText: 'tls=true' },
    { name: 'not what is too short', text: 'yes and no', values: ['no', 'yes', ''], wantText: 'yes and no' },
  ])('are masked: $name', ({ text, values, wantText }) => {
    expect(maskSecrets(text, values)).toBe(wantText)
  })

  it('are found by every way in which a pod names a Secret', () => {
    const spec = {
      containers: [{ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'a', key: 'k' } } }], envFrom: [{ secretRef: { name: 'b' } }] }],
      volumes: [{ name: 'v', secret: { secretName: 'c' } }, { projected: { sources: [{ secret: { name: 'd' } }] } }],
    }
    expect(secretsOf(spec)).toEqual(['a', 'b', 'c', 'd'])
  })
})

describe('a text that was cut', () => {
  it.each([
    { name: 'at its beginning', text: 'ect horse is it', want: '*** is it' },
    { name: 'at its end', text: 'it is correct hor', want: 'it is ***' },
    { name: 'at both ends of one value', text: 'rect hor', want: 'rect hor' },
    { name: 'where next to nothing is left of a value', text: 'rse is it', want: 'rse is it' },
    { name: 'where a whole value begins', text: 'correct horse, correct horse', want: '***, ***' },
    { name: 'where there is nothing to mask', text: 'plain', want: 'plain' },
  ])('is masked $name', ({ text, want }) => {
    expect(maskCutText(text, ['correct horse'])).toBe(want)
  })
})

describe('a text that comes in pieces', () => {
  it('is masked also where a piece ends within a value', () => {
    const mask = createStreamMask(['correct horse'])
    const pieces = ['it is corr', 'ect horse\nand cor', 'rect', ' horse']
    expect([...pieces.map((piece) => mask.take(piece)), mask.rest(), mask.rest()]).toEqual(['', 'it is ***\n', '', '', 'and ***', ''])
  })

  it('is held back for so long only', () => {
    const mask = createStreamMask(['correct horse'])
    expect(mask.take('x'.repeat(70_000))).toHaveLength(70_000)
  })

  it('is held back within a long line where a value may have begun', () => {
    const mask = createStreamMask(['correct horse'])
    expect([
      mask
        .take('x'.repeat(70_000) + ' corr')
        .trimStart()
        .slice(-2),
      mask.take('ect horse\n'),
      mask.rest(),
    ]).toEqual(['x ', '***\n', ''])
  })

  /** Each way of cutting a text into two or three pieces, beyond the length that is held back. */
  it.each([
    { name: 'plain', text: `${'x'.repeat(65_600)} correct horse ${'y'.repeat(66_000)} correct horse\n` },
    { name: 'with colour codes', text: `${'x'.repeat(65_600)} cor\u001b[1;31mrect\u001b[0m horse ${'y'.repeat(66_000)} co\u001b[Krrect horse\n` },
  ])('is masked wherever a long line is cut: $name', ({ text }) => {
    const first = text.indexOf(' co')
    for (let cut = first - 3; cut < first + 40; cut++) {
      const mask = createStreamMask(['correct horse'])
      const shown = [text.slice(0, cut), text.slice(cut, cut + 2), text.slice(cut + 2)].map((piece) => mask.take(piece)).join('') + mask.rest()
      expect(shown.replaceAll(/x+|y+/g, '').replaceAll(/\u001b\[[0-9;]*[mK]/g, ''), `cut at ${cut - first}`).toBe(' ***  ***\n')
    }
  })

  it('shows colour codes as they came where they hide nothing', () => {
    const mask = createStreamMask(['correct horse'])
    expect(mask.take('\u001b[31mred\u001b[0m\nand it is correct\u001b[0m horse\n')).toBe('\u001b[31mred\u001b[0m\nand it is ***\n')
  })

  it('comes as it is where there is nothing to mask', () => {
    expect(createStreamMask([]).take('no end')).toBe('no end')
  })
})
