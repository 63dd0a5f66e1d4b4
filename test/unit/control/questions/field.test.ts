/** The filter of a question, and what follows from a declared column. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { formatAnswer } from '../../../../cli/questions.ts'
import { column, count } from '../../../../control/questions/column.ts'
import {
  choiceField,
  flagField,
  readFilter,
  requireOrder,
  textField,
} from '../../../../control/questions/field.ts'
import { describeGroup, GROUP } from '../../../../control/questions/group.ts'
import { explainUnknown, judgeGroup, summarizeGroup } from '../../../../control/questions/groups.ts'
import { question } from '../../../../control/questions/question.ts'
import { golden } from '../../../support/golden.ts'

const FIELDS = {
  find: textField('part of a name', 'pump'),
  state: choiceField(['open', 'all'], 'which ones', 'open'),
  internal: flagField('with internal ones'),
}

describe('a filter in the texts of a request', () => {
  for (const [what, texts, filter, errors] of [
    [
      'values',
      { find: 'a b', state: 'all', internal: 'yes' },
      { find: 'a b', state: 'all', internal: true },
      [],
    ],
    ['empty texts and other names', { find: '', page: '2', constructor: 'x' }, { internal: false }, []],
    [
      'wrong values',
      { state: 'no', internal: 'no' },
      { internal: false },
      ['state: must be one of open, all', 'internal: must be yes'],
    ],
    ['blanks', { find: ' ' }, { internal: false }, ['find: must be a text that is not empty']],
  ] as const)
    it(`given ${what}, then they are read, or each has a sentence`, () => {
      const read = readFilter(FIELDS, texts)
      assert.deepEqual([read.filter, read.errors], [filter, errors])
    })

  it('given times in the wrong order, then they are refused', () => {
    requireOrder({ since: 1, until: 2 })
    requireOrder({ until: 2 })
    assert.throws(() => requireOrder({ since: 2, until: 2 }), /until must be later than since/)
  })
})

describe('an answer in the terminal', () => {
  const shown = {
    ...{ title: 'Pumps', key: 'name' as const, empty: 'There is nothing.' },
    columns: [
      column('name', { terminal: { least: 4 } }),
      count('lag', { atLeast: 'isAtLeast' }),
      column('startedAt', { heading: 'Lasted', type: 'span', until: 'endedAt' }),
      column('note', { none: 'none' }),
      column('place', { only: 'page' }),
    ],
  }
  const row = {
    name: 'a',
    lag: 3,
    isAtLeast: true,
    startedAt: '2026-03-01T12:00:00Z',
    endedAt: null,
    note: null as string | null,
    place: 'x',
  }
  const format = (rows: readonly (typeof row)[], more = 0, notes: readonly string[] = []) =>
    formatAnswer(shown, { rows, more, notes }, Date.parse('2026-03-01T12:05:00Z'), undefined)

  it('given rows, then columns of the page, and those without any value, are left out', () => {
    assert.equal(format([row]), 'NAME         LAG  LASTED\na     at least 3  5 min\n')
  })

  it('given more rows than are shown, and notes, then both are said, without control characters', () => {
    const text = format([{ ...row, name: 'a\u001b', note: '\u009bb' }], 2, ['be\u001bware'])
    assert.match(text, /The first 1 of 3\. Use --limit to show more\./)
    assert.doesNotMatch(text, /[^\P{Cc}\n]/u)
  })

  const poison = '\u001b]0;title\u0007'
  for (const [type, value] of [
    ...(['text', 'entity', 'severity', 'badge', 'block', 'quantity'] as const).map(
      type => [type, poison] as const,
    ),
    ['list', [poison]],
    ['content', { text: poison, bytes: 11 }],
    ['content', { text: JSON.stringify({ [poison]: poison }), bytes: 11 }],
  ] as const)
    it(`given text of others in a column of the type ${type}, then it cannot control the terminal`, () => {
      const columns = [column('name', { type, unit: 'name' })]
      for (const sections of [{}, { sections: [] }]) {
        const question = { title: 'A', key: 'name' as const, columns, ...sections, empty: '' }
        const text = formatAnswer(question, { rows: [{ name: value }], more: 0, notes: [] }, 0, undefined)
        assert.match(text, /title/)
        assert.doesNotMatch(text, /[^\P{Cc}\n]/u)
      }
    })

  it('given nothing, then it says why, unless a note does', () => {
    assert.equal(format([]), 'There is nothing.\n')
    assert.equal(format([], 0, ['No registry is configured.']), 'No registry is configured.\n')
  })
})

describe('things in the terminal', () => {
  const pump = (name: string) => ({
    ...{ name, state: 'open', place: null, fault: null, level: 3, unit: null, manual: 'one:\n  two\u001b\n' },
    ...{ parts: [{ id: 7, share: 0.25 }], visits: [] as { readonly at: string }[] },
    ...{ secrets: null as readonly { readonly id: string }[] | null, defaults: [{ id: 'x' }] },
  })
  const read = async () => ({ rows: [pump('a')] })
  const shown = question({ title: 'Pump', about: '', more: '', filter: {}, read }).shownAs({
    key: 'name',
    columns: [
      column('manual', { type: 'block' }),
      ...[column('state'), column('place'), column('fault', { none: 'none' })],
      column('level', { type: 'quantity', unit: 'unit' }),
    ],
    sections: [
      {
        ...{ of: 'parts', title: 'Parts', key: 'id', empty: '' },
        columns: [count('id'), column('share', { type: 'share' })],
      },
      { of: 'visits', title: 'Visits', key: 'at', columns: [column('at')], empty: 'Nobody came.' },
      { of: 'secrets', title: 'Secrets', key: 'id', columns: [column('id')], empty: '' },
      { of: 'defaults', title: 'Defaults', key: 'id', columns: [column('id')], only: 'page', empty: '' },
    ],
    empty: 'There are no pumps.',
  })
  const format = (...names: string[]) =>
    formatAnswer(shown, { rows: names.map(pump), more: 0, notes: [] }, 0, undefined)

  it('given a thing, then known facts, its lists with what they say where they are empty, and its texts', () =>
    assert.equal(
      format('a\u001b'),
      'Pump a\\u001b\n  State  open\n  Fault  none\n  Level  3\n\nManual\n  one:\n    two\\u001b\n\nParts\nID   SHARE\n 7  25.0 %\n\nVisits\nNobody came.\n',
    ))

  it('given two, then one below the other', () =>
    assert.match(format('a', 'b'), /^Pump a\n[\s\S]*\n\nPump b\n/))
})

describe('the lag of a group', () => {
  it('given ages that are known or not, then groups lag prints each partition and the sum, as the page shows it', () => {
    const answer = (...lags: (readonly [pending: number, seconds: number | null])[]) => {
      const partitions = lags.map(([pending, seconds], partition) => ({
        ...{ partition, pending, seconds, next: 100, end: 100 + pending },
      }))
      const pending = lags.reduce((sum, [pending]) => sum + pending, 0)
      const topics = lags.length === 0 ? [] : [{ topic: 'orders', pending, partitions, unknown: [] }]
      const members = lags.length === 0 ? null : []
      const lag = { group: 'gds-alerting', state: 'stable', members, pending, topics } as const
      const rows = [describeGroup({ findFunction: () => null }, lag)]
      return formatAnswer(GROUP, { rows, more: 0, notes: [] }, 0, undefined)
    }
    golden('groups-lag', {
      'ages that are known': answer([120, 72], [7, 3]),
      'ages that are not known': answer([3, null], [1, 4]),
      'no age': answer([3, null]),
      'no lag': answer([0, 0]),
      'a group whose lag Kafka keeps elsewhere': answer(),
    })
    const [, printed] = /```\n(Lag\n[^`]*)```/.exec(readFileSync('docs/kafka.md', 'utf8')) ?? []
    assert.ok(printed && answer([120, 72], [7, 3]).includes(printed), printed)
  })
})

describe('the state of a group', () => {
  it('given a group that Kafka does not describe, then its members are not 0, and the note says why', () => {
    const summarize = (topics: string[]) => {
      const lags = topics.map(topic => ({ topic, pending: 0, partitions: [], unknown: [] }))
      const group = { group: 'g', state: 'unknown', members: null, pending: 0, topics: lags } as const
      return summarizeGroup({ findFunction: () => null }, group)
    }
    const [reading, sharing] = [summarize(['t']), summarize([])]
    assert.deepEqual([reading.members, reading.pending, sharing.pending], [null, 0, null])
    assert.match(explainUnknown([reading]).join(), /^State unknown: .*group\.protocol=consumer/)
    assert.deepEqual(explainUnknown([{ members: 0 }]), [])
  })

  for (const [state, pending, isOfFunction, judged, tone] of [
    ['stable', 9, true, 'stable', 'good'],
    ['empty', 1, true, 'no readers', 'bad'],
    ['empty', 0, true, 'empty', 'warn'],
    ['empty', 1, false, 'no readers', 'muted'],
    ['empty', 0, false, 'empty', 'muted'],
    ['rebalancing', 0, false, 'rebalancing', 'warn'],
  ] as const)
    it(`given ${state} with ${pending} pending records${isOfFunction ? ' of a function' : ''}, then it is ${judged}`, () =>
      assert.deepEqual(judgeGroup(state, pending, isOfFunction), { state: judged, tone }))
})
