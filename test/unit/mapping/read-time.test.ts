import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isTimestamp } from '#runtime/cloudevents'
import type { TimeSource } from '../../../lib/mapping/mapping.ts'
import { inZone, readTime } from '../../../lib/mapping/read-time.ts'

type Source = Omit<TimeSource, 'from'>

function readMappedTime(value: unknown, source: Source = {}): string {
  const read = readTime(value, source)
  return 'time' in read ? read.time : read.problem
}

describe('the time of a record', () => {
  for (const [given, source, time] of [
    ['2025-01-16T10:30:45.123Z', {}, '2025-01-16T10:30:45.123Z'],
    ['2025-01-16 10:30:45+0530', {}, '2025-01-16T10:30:45+05:30'],
    ['2025-01-16T10:30:45-05', { timeZone: 'UTC' }, '2025-01-16T10:30:45-05:00'],
    ['2025-01-16T10:30', { timeZone: 'utc' }, '2025-01-16T10:30:00Z'],
    ['2025-01-16T10:30:45,5', { timeZone: '-03:30' }, '2025-01-16T10:30:45.5-03:30'],
    ['2025-01-16T10:30:45', { timeZone: 'Europe/Berlin' }, '2025-01-16T10:30:45+01:00'],
    ['2025-07-16T10:30:45', { timeZone: 'Europe/Berlin' }, '2025-07-16T10:30:45+02:00'],
    ['2025-07-16T10:30:45', { timeZone: 'Asia/Kathmandu' }, '2025-07-16T10:30:45+05:45'],
    ['2025-07-16T10:30:45', { timeZone: 'America/New_York' }, '2025-07-16T10:30:45-04:00'],
    ['16.01.2025 10:30', { timeZone: 'Europe/Berlin' }, '2025-01-16T10:30:00+01:00'],
    [1737023445, { epoch: 's' }, '2025-01-16T10:30:45.000Z'],
    [1737023445.123, { epoch: 's' }, '2025-01-16T10:30:45.123Z'],
    ['1737023445', { epoch: 's' }, '2025-01-16T10:30:45.000Z'],
    [1737023445123, { epoch: 'ms' }, '2025-01-16T10:30:45.123Z'],
    [1737023445123456, { epoch: 'us' }, '2025-01-16T10:30:45.123Z'],
    ['1737023445123456789', { epoch: 'ns' }, '2025-01-16T10:30:45.123Z'],
    [1763625600054960352n, { epoch: 'ns' }, '2025-11-20T08:00:00.055Z'],
    // As a double, this would be 1763625600054500096.
    [1763625600054499999n, { epoch: 'ns' }, '2025-11-20T08:00:00.054Z'],
    ['1763625600054499999', { epoch: 'ns' }, '2025-11-20T08:00:00.054Z'],
    [1763625600054500000n, { epoch: 'ns' }, '2025-11-20T08:00:00.055Z'],
    [-1763625600054499999n, { epoch: 'ns' }, '1914-02-11T15:59:59.946Z'],
    [250000000000000499n, { epoch: 'us' }, '9892-03-08T12:26:40.000Z'],
    [' 2025-01-16T10:30Z ', {}, '2025-01-16T10:30:00Z'],
    [1737023445n, { epoch: 's' }, '2025-01-16T10:30:45.000Z'],
    [1737023445123456.5, { epoch: 'us' }, '2025-01-16T10:30:45.123Z'],
    ['1737023445123456.5', { epoch: 'us' }, '2025-01-16T10:30:45.123Z'],
    ['1737023445123456789.5', { epoch: 'ns' }, '2025-01-16T10:30:45.123Z'],
    [-62167219200000, { epoch: 'ms' }, '0000-01-01T00:00:00.000Z'],
    [253402300799999, { epoch: 'ms' }, '9999-12-31T23:59:59.999Z'],
    ['2025-01-16T10:30', { timeZone: '+00:00' }, '2025-01-16T10:30:00Z'],
    ['2017-01-01 00:59:60', { timeZone: 'Europe/Berlin' }, '2017-01-01T00:59:60+01:00'],
    ['2016-12-31T23:59:60', { timeZone: 'Europe/Berlin' }, 'is a day or a time of day that does not exist'],
    // Forms that name their zone.
    ['2026-11-25 09:00:00 UTC', {}, '2026-11-25T09:00:00Z'],
    ['2026-11-25 09:00:00.123456 UTC', { timeZone: 'Europe/Berlin' }, '2026-11-25T09:00:00.123456Z'],
    ['2026-11-25 09:00:00.123 GMT', {}, '2026-11-25T09:00:00.123Z'],
    ['2026-11-25 09:00:00 America/Los_Angeles', {}, '2026-11-25T09:00:00-08:00'],
    ['2026-11-25 10:00:00 UTC+01:00', {}, '2026-11-25T10:00:00+01:00'],
    ['2026-11-25 09:00:00.123 +0000 UTC', {}, '2026-11-25T09:00:00.123+00:00'],
    ['2026-11-25 09:00:00.1 +0000 UTC m=+0.000012345', {}, '2026-11-25T09:00:00.1+00:00'],
    ['2026-11-25 10:00:00 +0100 CET m=-1.5', {}, '2026-11-25T10:00:00+01:00'],
    ['2026-11-25 12:00:00 +0300 +03', {}, '2026-11-25T12:00:00+03:00'],
    ['2026-11-25T10:00:00+01:00[Europe/Berlin]', {}, '2026-11-25T10:00:00+01:00'],
    ['2026-10-25T02:30:00+01:00[Europe/Berlin]', {}, '2026-10-25T02:30:00+01:00'],
    ['2026-11-25T10:00+01:00[CET]', {}, '2026-11-25T10:00:00+01:00'],
    ['2026-07-25T09:00:00Z[Europe/London]', {}, '2026-07-25T09:00:00Z'],
    ['2026-11-25T10:00:00+01:00[Mars/Olympus]', {}, '2026-11-25T10:00:00+01:00'],
    ['2026-11-25T10:00:00[Europe/Berlin]', { timeZone: 'UTC' }, '2026-11-25T10:00:00+01:00'],
    ['20261125T090000Z', {}, '2026-11-25T09:00:00Z'],
    ['20261125T100000.5+0100', {}, '2026-11-25T10:00:00.5+01:00'],
    ['20261125T100000', { timeZone: 'Europe/Berlin' }, '2026-11-25T10:00:00+01:00'],
    ['Wed, 25 Nov 2026 09:00:00 GMT', { timeZone: 'Europe/Berlin' }, '2026-11-25T09:00:00Z'],
    ['Wed, 4 Nov 2026 10:00:00 +0100', {}, '2026-11-04T10:00:00+01:00'],
    ['/Date(1795597200123)/', {}, '2026-11-25T09:00:00.123Z'],
    ['/Date(1795597200123+0100)/', { epoch: 's' }, '2026-11-25T09:00:00.123Z'],
    ['/Date(-62135596800000)/', {}, '0001-01-01T00:00:00.000Z'],
    ['1.795597200123e9', { epoch: 's' }, '2026-11-25T09:00:00.123Z'],
  ] as const)
    it(`given ${given} and ${JSON.stringify(source)}, then it is ${time}`, () => {
      assert.equal(readMappedTime(given, source), time)
    })

  for (const [given, source, problem] of [
    [[2026, 11, 25, 9, 0, 0, 123000000], {}, /^is a list: name an element of it, or .* \(Jackson: /],
    ['Nov 25, 2026 9:00 AM', { timeZone: 'UTC' }, /^has the month in words, .*: let its producer write 2026/],
    ['Wed Nov 25 09:00:00 UTC 2026', {}, /^has the month in words/],
    ['25 Dez 2026 09:00:00 +0100', {}, /^has the month in words/],
    ['25 Nov 2026 09:00:00', { timeZone: 'UTC' }, /^has the month in words/],
    ['2026-11-25 09:00:00 CET', { timeZone: 'UTC' }, /an abbreviation that several zones share: .*`pattern`/],
    ['2026-11-25 09:00:00[Mars/Olympus]', { timeZone: 'UTC' }, /^names an unknown zone/],
    [
      '2026-11-25T10:00:00+02:00[Europe/Berlin]',
      {},
      'has an offset that its zone does not have at this time',
    ],
    ['2026-11-25 10:00:00 +0100 UTC', {}, 'has an offset that its zone does not have at this time'],
    ['2026-02-30T10:00:00+01:00[Europe/Berlin]', {}, 'is a day or a time of day that does not exist'],
    ['2026-10-25T02:30:00[Europe/Berlin]', { timeZone: 'UTC' }, /^occurs twice in its zone: /],
    ['Tue, 31 Feb 2026 09:00:00 GMT', {}, 'is a day or a time of day that does not exist'],
    ['2026-11-25 09:00:00 PM', { timeZone: 'UTC' }, 'is not a date with a time of day'],
    ['/Date(999999999999999)/', {}, 'is not between the years 0 and 9999'],
    [
      '2025-01-16T10:30:45',
      {},
      'has no zone: set `timeZone` in the mapping, or let its producer write an offset',
    ],
    [1737023445, {}, 'is a number, and the mapping has no epoch that says its unit'],
    [1737023445123, { epoch: 's' }, 'is not between the years 0 and 9999'],
    [-62167219200001, { epoch: 'ms' }, 'is not between the years 0 and 9999'],
    [253402300800000, { epoch: 'ms' }, 'is not between the years 0 and 9999'],
    ['2025-02-30T10:30:45', { timeZone: 'UTC' }, 'is a day or a time of day that does not exist'],
    ['2025-02-30T10:30:45', { timeZone: 'Europe/Berlin' }, 'is a day or a time of day that does not exist'],
    ['2025-01-16T25:00:00Z', {}, 'is a day or a time of day that does not exist'],
    ['2025-01-16', { timeZone: 'UTC' }, 'is not a date with a time of day'],
    ['01/16/2025 10:30', { timeZone: 'UTC' }, 'is not a date with a time of day'],
    ['', { timeZone: 'UTC' }, 'is not a date with a time of day'],
    [12345678901234567890n, { epoch: 'ms' }, 'is not between the years 0 and 9999'],
    [{}, { timeZone: 'UTC' }, 'is an object: name the field in it with the time'],
    [true, { epoch: 's' }, 'is neither a text nor a number'],
    [
      '2025-03-30T02:30:00',
      { timeZone: 'Europe/Berlin' },
      'does not exist in Europe/Berlin: clocks were put forward',
    ],
    [
      '2025-10-26T02:30:00',
      { timeZone: 'Europe/Berlin' },
      'occurs twice in Europe/Berlin: clocks were put back, and the mapping has no disambiguation',
    ],
  ] as const)
    it(`given ${typeof given === 'object' ? JSON.stringify(given) : given} and ${JSON.stringify(source)}, then it is refused`, () => {
      const read = readMappedTime(given, source)
      if (typeof problem === 'string') assert.equal(read, problem)
      else assert.match(read, problem)
    })

  it('given a time that occurs twice, then disambiguation says which instant it is', () => {
    const at = (disambiguation: 'earlier' | 'later') =>
      readMappedTime('2025-10-26T02:30:00', { timeZone: 'Europe/Berlin', disambiguation })
    assert.equal(at('earlier'), '2025-10-26T02:30:00+02:00')
    assert.equal(at('later'), '2025-10-26T02:30:00+01:00')
  })

  it('given a zone of the stack, then sources without one have it, and the earlier of two times', () => {
    const own = { from: [], timeZone: 'Europe/Berlin' }
    const { times } = inZone({ times: ['record', own, { from: [] }] }, 'Africa/Cairo')
    assert.deepEqual(times, [
      'record',
      own,
      { from: [], timeZone: 'Africa/Cairo', disambiguation: 'earlier' },
    ])
  })

  it('given any instant as clocks of any zone show it, then it is that instant', () => {
    const zones = ['Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kolkata', 'Pacific/Apia']
    const between = { min: Date.UTC(2012, 0, 1), max: Date.UTC(2035, 0, 1) }
    fc.assert(
      fc.property(fc.integer(between), fc.constantFrom(...zones), (ms, timeZone) => {
        const instant = Math.floor(ms / 1000) * 1000
        const shown = new Date(instant).toLocaleString('sv-SE', { timeZone })
        const instants = (['earlier', 'later'] as const).map(disambiguation =>
          Date.parse(readMappedTime(shown, { timeZone, disambiguation })),
        )
        assert.ok(instants.includes(instant), shown)
      }),
      { seed: 15, numRuns: 500 },
    )
  })

  it('given any text or number, then it is a time of RFC 3339 or a problem', () => {
    const source: Source = { timeZone: 'Europe/Berlin', epoch: 'ms' }
    const any = fc.oneof(
      fc.string(),
      fc.double(),
      fc.date({ noInvalidDate: true }).map(String),
      fc.anything(),
    )
    fc.assert(
      fc.property(any, value => {
        const read = readTime(value, source)
        assert.ok('problem' in read || isTimestamp(read.time))
      }),
      { seed: 15, numRuns: 1_000 },
    )
  })
})
