/**
 * Reads and strictly validates `config/failures/policy.yaml`. A misspelled key must be an error, because failures would otherwise
 * not be retried. All errors are reported at once. Pure.
 */

import { FAILURES } from '#runtime/consumer'
import policyTexts from '#schemas/failure-policy.v1.json' with { type: 'json' }
import validate from '../schemas/compiled-failure-policy.js'
import { durationText, parseDuration } from '../support/duration.ts'
import { readValid, type Validated } from '../support/edited-file.ts'
import type { FilePath, PathError } from '../support/file-errors.ts'
import { describeUnknown } from '../support/suggestion.ts'
import {
  DEFAULT_POLICY,
  DELAYS_MS,
  type FailurePolicy,
  LAMBDA_DISCARDED,
  PARKING,
  PARKING_CODE,
  type PolicyClass,
  parkedForMs,
  type Retries,
  type RetryRules,
  rulesFor,
} from './policy.ts'

const SCHEMA = { validate, texts: [policyTexts] }

/**
 * Reads the failure policy.
 *
 * @param file name of the file in error messages
 * @param consumers names of all consumers; undefined if unknown
 * @throws InvalidFile with all errors
 */
export function readPolicy(text: string, file: string, consumers?: readonly string[]): FailurePolicy {
  const { content } = readValid<RawPolicy>(SCHEMA, 'the failure policy', { file, text }, found => [
    ...contradictions(found, consumers),
    ...lateRetries(toPolicy(found as RawPolicy)),
  ])
  return toPolicy(content)
}

interface RawRules {
  readonly maxAge?: string
  readonly classes?: Readonly<Partial<Record<PolicyClass, Retries>>>
  readonly codes?: Readonly<Record<string, Retries>>
}

interface RawPolicy extends RawRules {
  readonly consumers?: Readonly<Record<string, RawRules>>
}

/** Returns errors for contradictions that the schema cannot express. */
function contradictions(raw: Validated<RawPolicy>, consumers: readonly string[] | undefined): PathError[] {
  const ofAll = parseMaxAge(raw) ?? DEFAULT_POLICY.maxAgeMs
  const each = Object.entries(raw.consumers ?? {})
  return [
    ...ruleErrors([], raw, ofAll),
    ...each.flatMap(([name, rules]) => [
      ...(consumers && !consumers.includes(name)
        ? [
            {
              path: ['consumers', name],
              message: describeUnknown('consumer', name, consumers),
            },
          ]
        : []),
      ...ruleErrors(['consumers', name], rules ?? {}, ofAll),
    ]),
  ]
}

function ruleErrors(at: FilePath, rules: Validated<RawRules>, maxAgeOfAllMs: number): PathError[] {
  const { classes = {}, codes = {} } = rules
  const maxAgeMs = parseMaxAge(rules) ?? maxAgeOfAllMs
  const lists = [
    ...Object.entries(classes).map(([kind, list]) => [[...at, 'classes', kind], list] as const),
    ...Object.entries(codes).map(([code, list]) => [[...at, 'codes', code], list] as const),
  ]
  return [
    ...(parseMaxAge(rules) === 0 ? [{ path: [...at, 'maxAge'], message: 'must be longer than 0' }] : []),
    ...Object.keys(codes)
      .filter(code => !Object.hasOwn(FAILURES, code))
      .map(code => ({
        path: [...at, 'codes', code],
        message: describeUnknown('failure code', code, Object.keys(FAILURES)),
      })),
    ...(Object.hasOwn(codes, LAMBDA_DISCARDED)
      ? [
          {
            path: [...at, 'codes', LAMBDA_DISCARDED],
            message: 'is never tried again: its consumer reads the record from the log by itself',
          },
        ]
      : []),
    ...lists.flatMap(([path, list = []]) => listErrors(path, list, maxAgeMs)),
  ]
}

function listErrors(path: FilePath, list: Retries, maxAgeMs: number): PathError[] {
  const backwards = list.findIndex((delay, index) => {
    const before = list[index - 1]
    return before !== undefined && DELAYS_MS[delay] < DELAYS_MS[before]
  })
  if (backwards > 0)
    return [
      {
        path: [...path, backwards],
        message: `${list[backwards]} is out of order: a delay must not be shorter than the previous one, ${list[backwards - 1]}`,
      },
    ]
  const totalMs = list.reduce((sum, delay) => sum + DELAYS_MS[delay], 0)
  if (maxAgeMs === 0 || totalMs <= maxAgeMs) return []
  return [
    { path, message: 'the last of these retries is never made, because the delays together exceed maxAge' },
  ]
}

/**
 * Returns errors for consumers that park later events of an entity, if the first retry is too late. The parked events would be
 * applied before that retry.
 */
function lateRetries({ consumers, ...policy }: FailurePolicy): PathError[] {
  return Object.entries(PARKING).flatMap(([consumer, retries]) => {
    const about = { consumer, code: PARKING_CODE, kind: FAILURES[PARKING_CODE].class }
    const [first] = rulesFor({ ...policy, consumers }, about).retries
    const waitMs = parkedForMs(retries)
    if (first === undefined || parkedForMs([first]) <= waitMs) return []
    const isOfCode = Object.hasOwn(consumers[consumer]?.codes ?? {}, about.code)
    const key = isOfCode ? ['codes', about.code] : ['classes', about.kind]
    const message = `${first} is too late for the first retry: later events of an entity wait ${durationText(waitMs)} for it, and are then applied before it`
    return [{ path: ['consumers', consumer, ...key, 0], message }]
  })
}

function parseMaxAge({ maxAge }: Validated<RawRules>): number | undefined {
  return maxAge === undefined ? undefined : parseDuration(maxAge)
}

function toPolicy({ consumers = {}, ...raw }: RawPolicy): FailurePolicy {
  const { classes, ...rest } = toRules(raw)
  return {
    maxAgeMs: DEFAULT_POLICY.maxAgeMs,
    ...rest,
    classes: { ...DEFAULT_POLICY.classes, ...classes },
    consumers: {
      ...DEFAULT_POLICY.consumers,
      ...Object.fromEntries(
        Object.entries(consumers).map(([name, rules]) => [name, toConsumerRules(name, rules)]),
      ),
    },
  }
}

/** Returns the rules of a consumer. Classes that are not in the file use the consumer's default rules. */
function toConsumerRules(name: string, raw: RawRules): RetryRules {
  const rules = toRules(raw)
  const shipped = Object.hasOwn(DEFAULT_POLICY.consumers, name) ? DEFAULT_POLICY.consumers[name] : undefined
  return { ...rules, classes: { ...shipped?.classes, ...rules.classes } }
}

function toRules(raw: RawRules): RetryRules {
  const maxAgeMs = parseMaxAge(raw)
  return {
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    classes: raw.classes ?? {},
    codes: raw.codes ?? {},
  }
}
