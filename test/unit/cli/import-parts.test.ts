import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { is } from 'valibot'
import { isTimestamp } from '#runtime/cloudevents/attributes.ts'
import { toRfc3339, UTC_OFFSET } from '../../../lib/operations/import/timestamp.ts'

describe('instants', () => {
  const table: [text: string, offset: string, result: string | undefined][] = [
    ['2026-07-04 00:00:00', '+00:00', '2026-07-04T00:00:00Z'],
    ['2026-07-04 00:00:00', '-05:30', '2026-07-04T00:00:00-05:30'],
    ['2026-07-04T12:30', '+02:00', '2026-07-04T12:30:00+02:00'],
    ['2026-07-04', '+02:00', '2026-07-04T00:00:00+02:00'],
    ['2026-07-04 12:30:15.123456', '+00:00', '2026-07-04T12:30:15.123456Z'],
    ['2026-07-04T12:30:15Z', '+02:00', '2026-07-04T12:30:15Z'],
    ['2026-07-04T12:30:15+0530', '+02:00', '2026-07-04T12:30:15+05:30'],
    ['2026-07-04 12:30:15 -08:00', '+02:00', '2026-07-04T12:30:15-08:00'],
    [' 2026-07-04 ', '+00:00', '2026-07-04T00:00:00Z'],
    ['04.07.2026 12:30', '+00:00', '2026-07-04T12:30:00Z'],
    ['07/04/2026 12:30', '+00:00', undefined],
    ['1783166400', '+00:00', undefined],
    ['2026-07-04 1:30', '+00:00', undefined],
    ['', '+00:00', undefined],
  ]
  for (const [text, offset, result] of table)
    test(`"${text}" at ${offset}`, () => assert.equal(toRfc3339(text, offset), result))

  test('a real instant, written without its zone, comes back as itself', () => {
    const anyOffset = fc.integer({ min: -14 * 60, max: 14 * 60 })
    const between = { noInvalidDate: true, min: new Date('1900-01-02'), max: new Date('2200-01-01') }
    fc.assert(
      fc.property(fc.date(between), anyOffset, fc.constantFrom(' ', 'T'), (date, minutes, separator) => {
        const two = (number: number) => String(number).padStart(2, '0')
        const size = Math.abs(minutes)
        const offset = `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
        assert.ok(is(UTC_OFFSET.schema, offset))
        const local = new Date(date.getTime() + minutes * 60_000)
          .toISOString()
          .slice(0, -1)
          .replace('T', separator)
        const time = toRfc3339(local, offset) ?? ''
        assert.ok(isTimestamp(time), time)
        assert.equal(Date.parse(time), date.getTime())
      }),
    )
  })

  test('offsets', () => {
    for (const good of ['+00:00', '-12:00', '+05:45']) assert.ok(is(UTC_OFFSET.schema, good), good)
    for (const bad of ['Z', '5', '+5:00', '+24:00', '+00:60', '']) assert.ok(!is(UTC_OFFSET.schema, bad), bad)
  })
})
