import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { possibleInstants } from '../../../lib/support/time-zones.ts'

describe('a local time that a person wrote', () => {
  const times: [given: string, zone: string, local: string, instants: string[]][] = [
    ['one on any day', 'Europe/Oslo', '2026-03-01T02:30', ['2026-03-01T01:30Z']],
    ['one that clocks repeat', 'Europe/Oslo', '2026-10-25T02:30', ['2026-10-25T00:30Z', '2026-10-25T01:30Z']],
    [
      'the first that they repeat',
      'Europe/Oslo',
      '2026-10-25T02:00',
      ['2026-10-25T00:00Z', '2026-10-25T01:00Z'],
    ],
    ['the first after them', 'Europe/Oslo', '2026-10-25T03:00', ['2026-10-25T02:00Z']],
    ['one that clocks skip', 'Europe/Oslo', '2026-03-29T02:30', ['2026-03-29T00:30Z', '2026-03-29T01:30Z']],
    ['the first that exists again', 'Europe/Oslo', '2026-03-29T03:00', ['2026-03-29T01:00Z']],
    ['one in New York', 'America/New_York', '2026-11-01T01:30', ['2026-11-01T05:30Z', '2026-11-01T06:30Z']],
    ['half an hour', 'Australia/Lord_Howe', '2026-04-05T01:45', ['2026-04-04T14:45Z', '2026-04-04T15:15Z']],
    ['a zone without changes', 'UTC', '2026-10-25T02:30', ['2026-10-25T02:30Z']],
    ['a text that is not a time', 'Europe/Oslo', '12345-01-01T00:00', []],
    ['nothing', 'Europe/Oslo', '', []],
  ]
  for (const [given, zone, local, instants] of times)
    it(`given ${given} (${zone}), then it can mean ${instants.length}`, () =>
      assert.deepEqual(
        possibleInstants(zone, local),
        instants.map(text => Date.parse(text)),
      ))

  it('given one that clocks skip, then they show times on both sides of the gap', () => {
    const format = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Oslo', timeStyle: 'short' })
    const shown = possibleInstants('Europe/Oslo', '2026-03-29T02:30').map(ms => format.format(ms))
    assert.deepEqual(shown, ['01:30', '03:30'])
  })
})
