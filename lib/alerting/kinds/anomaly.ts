/**
 * Rule kind `anomaly`: a value is bad if it is unusual for its entity. The state learns what is usual, see `anomaly/detector.ts`.
 */

import { parseDuration } from '../../support/duration.ts'
import { shortNumber } from '../../support/short-number.ts'
import {
  expectedAt,
  type Judged,
  judge,
  type Learned,
  learningMs,
  type Settings,
  THRESHOLDS,
} from '../anomaly/detector.ts'
import { formatSeconds, isState } from '../rule-row.ts'
import type { ConditionKind, Words } from './kind.ts'

const SEASONS = ['day', 'week'] as const
const LEARN_FOR = '2d'

type Sensitivity = keyof typeof THRESHOLDS
type Season = (typeof SEASONS)[number]

interface AnomalyCondition {
  readonly kind: 'anomaly'
  readonly sensitivity: Sensitivity
  readonly season: readonly Season[]
  readonly learnForMs: number
}

/** Value of the key `anomaly` of a rule. */
interface Given {
  readonly sensitivity?: Sensitivity
  readonly season?: readonly Season[]
  readonly learnFor?: string | 0
}

export const anomaly: ConditionKind<AnomalyCondition> = {
  role: 'condition',
  refuses: {
    counter: 'a counter rises: compare its changeOver',
    direction: 'a direction goes round: compare its deviationOver',
  },
  alone: 'an entity is compared with itself',
  keys: {
    anomaly: {
      schema: {
        type: 'object',
        additionalProperties: false,
        properties: {
          sensitivity: { enum: Object.keys(THRESHOLDS) },
          season: {
            type: 'array',
            uniqueItems: true,
            items: { enum: SEASONS },
            description: 'List of day and week; [] for a metric without a rhythm.',
          },
          learnFor: { $ref: '#/$defs/duration' },
        },
      },
      about:
        'Fires when the value is [unusual](kinds/anomaly.md) for its entity: `sensitivity` is `low`, `medium` (the default) or `high`; `season` lists the rhythms to learn, `day` and `week` by default; for `learnFor`, `2d` by default, nothing fires.',
      example: '{ sensitivity: medium }',
    },
  },
  read(ruleRow, { family, metric }) {
    const raw = ruleRow.of<Given>('anomaly')
    if (raw === undefined) return undefined
    if (isState(ruleRow.families, family, metric))
      ruleRow.report('anomaly', `${metric} is a state and not a number: use fireEquals`)
    const { sensitivity = 'medium', season = SEASONS, learnFor = LEARN_FOR } = raw
    return { kind: 'anomaly', sensitivity, season, learnForMs: parseDuration(learnFor) ?? 0 }
  },
  row: ({ sensitivity, season, learnForMs }) => ({
    anomaly: { sensitivity, season, learnFor: formatSeconds(learnForMs) },
  }),
  isValue: (value): value is number => typeof value === 'number' && Number.isFinite(value),
  fires: isUnusual,
  holds: isUnusual,
  memory: {
    key: ({ sensitivity, season }) => [sensitivity, ...season].join(' '),
    largestBytes: 2_048,
    placeholders: ['expected', 'expectedLow', 'expectedHigh', 'score', 'why'],
    compare(own, state: Learned | undefined, timeMs, value) {
      const judged = judge(toSettings(own), state, timeMs, value)
      const isLearning = learningMs(judged.state, own.learnForMs) > 0
      return {
        state: judged.state,
        value: isLearning ? null : (judged.score ?? null),
        // Most readings are not unusual, and need no words.
        get words() {
          return describeReading(judged, value)
        },
      }
    },
    outlook(own, state: Learned, timeMs) {
      const { low, high } = expectedAt(toSettings(own), state, timeMs)
      return { learningMs: learningMs(state, own.learnForMs), usual: { below: low, above: high } }
    },
  },
  words: {
    text: () => 'is unusual',
    summary: () => ', expected {{expectedLow}} to {{expectedHigh}} ({{why}})',
  },
}

function toSettings({ sensitivity, season }: AnomalyCondition): Settings {
  return {
    threshold: THRESHOLDS[sensitivity],
    day: season.includes('day'),
    week: season.includes('week'),
  }
}

function isUnusual({ sensitivity }: AnomalyCondition, score: unknown): boolean {
  return (score as number) >= THRESHOLDS[sensitivity]
}

/** Returns what an alert says of a reading. Limits that are not known are left out. */
function describeReading({ expected, low, high, score, why }: Judged, value: number): Words {
  return {
    expected: shortNumber(expected, [value]),
    ...(Number.isFinite(low) && { expectedLow: shortNumber(low, [value]) }),
    ...(Number.isFinite(high) && { expectedHigh: shortNumber(high, [value]) }),
    ...(score !== undefined && { score: Number(score.toPrecision(3)) }),
    ...(why && { why }),
  }
}
