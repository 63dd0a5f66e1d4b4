import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { conditionText } from '../../../../console/api/alerts/rule-words.ts'
import { barsOf } from '../../../../console/page/alerts/bars.ts'
import { lastsText, matchOf, placeIn, trialText, valueText } from '../../../../console/page/alerts/words.ts'
import { patternOf } from '../../alerting/patterns/support.ts'
import { ruleOf } from '../../alerting/support.ts'

const NOTHING = { rule: '', severity: '', source: '', entity: '', labels: '' }

describe('the form of a silence', () => {
  it('given texts set apart by commas, then each is one of the match', () =>
    assert.deepEqual(
      matchOf({ ...NOTHING, rule: 'HOT, LOW_* ,', entity: 's 1', labels: 'team=ops,team=dev, floor = 3' }),
      {
        match: { rule: ['HOT', 'LOW_*'], entity: ['s 1'], labels: { team: ['ops', 'dev'], floor: ['3'] } },
      },
    ))

  it('given nothing, then it matches nothing yet', () => assert.deepEqual(matchOf(NOTHING), { match: {} }))

  for (const labels of ['team', '=ops', 'team='])
    it(`given ${labels} as a label, then it says what is missing`, () =>
      assert.match(matchOf({ ...NOTHING, labels }).problem ?? '', /name and a value/))
})

describe('what is said of alerts', () => {
  const alert = { state: 'firing', startedAt: '2026-03-01T12:00:00Z', endedAt: null } as const

  it('given one that fires or has resolved, then it says for how long', () => {
    assert.equal(lastsText(alert, Date.parse('2026-03-01T12:03:20Z')), 'firing for 3 min 20 s')
    assert.equal(
      lastsText({ ...alert, state: 'resolved', endedAt: '2026-03-01T13:00:00Z' }, 0),
      'resolved after 1 h 0 min',
    )
    // The clock of the browser may be behind.
    assert.equal(lastsText(alert, 0), 'firing for 0 ms')
  })

  it('given values, then they have few digits', () =>
    assert.deepEqual([1 / 3, 41, 'degraded', null].map(valueText), ['0.33', '41', 'degraded', '–']))

  it('given a line and a column, then the place in the text is found, also beyond its end', () => {
    const text = 'rules:\n  - name: X\n'
    assert.deepEqual([placeIn(text, 1, 1), placeIn(text, 2, 5), placeIn(text, 99, 1)], [0, 11, text.length])
  })

  it('given a trial that was cut, then it says what was left out', () => {
    const whole = { readings: 1, entities: 1, duplicates: 0, refused: 0, leftOut: 0, cut: null }
    assert.equal(trialText(whole), 'Looked at 1 reading of 1 entity.')
    const said = trialText({ ...whole, readings: 1200, entities: 2, refused: 1, leftOut: 3, cut: 'time' })
    assert.match(
      said,
      /^Looked at 1,200 readings of 2 entities\. 1 reading would be refused\. 3 older records not read/,
    )
    assert.match(said, /took too long/)
  })
})

describe('the condition of a rule in words', () => {
  for (const [rule, said] of [
    [ruleOf({ fireAbove: 40, for: '5m' }), 'temperature above 40 °C for 5 min'],
    [ruleOf({ fireBelow: 0 }), 'temperature below 0 °C'],
    [ruleOf({ fireOutside: [18, 25] }), 'temperature outside 18 to 25 °C'],
    [
      ruleOf({ metric: 'status', fireEquals: ['degraded', 'maintenance'] }),
      'status is degraded or maintenance',
    ],
    [ruleOf({ fireAbove: 3, deviationOver: '1h' }), 'deviation of temperature over 1 h above 3 σ'],
    [
      patternOf({
        ...{ count: 3, within: '10m', per: 'site' },
        of: { family: 'environment', metric: 'temperature', fireAbove: 40 },
      }),
      '3 events within 10 min, per site',
    ],
  ] as const)
    it(`given ${said}, then that is said`, () => assert.equal(conditionText(rule), said))
})

describe('the line of time of a rule', () => {
  const span = { fromMs: 0, toMs: 240 }

  it('given alerts, then each is a bar of its time, and those that overlap are one', () =>
    assert.deepEqual(
      barsOf(
        [
          { fromMs: 100, toMs: 120 },
          { fromMs: 10, toMs: 20 },
          { fromMs: 110, toMs: null },
        ],
        span,
      ),
      [
        { x: 10, width: 10 },
        { x: 100, width: 140 },
      ],
    ))

  it('given one that ended at once, or before the span, then it can still be seen', () => {
    for (const [fromMs, toMs] of [
      [50, 50],
      [-10, -5],
      [240, null],
    ] as const) {
      const [bar] = barsOf([{ fromMs, toMs }], span)
      assert.ok(bar && bar.width >= 1.5 && bar.x >= 0 && bar.x + bar.width <= 240)
    }
  })
})
