/**
 * Reads and strictly validates `config/inputs.yaml`. A misspelled key must be an error, because a topic would otherwise not be read.
 * All errors are reported at once. Pure.
 */
import inputsTexts from '#schemas/inputs.v1.json' with { type: 'json' }
import mappingTexts from '#schemas/mapping.v1.json' with { type: 'json' }
import type { TimeSource } from '../mapping/mapping.ts'
import { type OneOrMore, type RawSource, toList } from '../mapping/raw-mapping.ts'
import { parsePath, type RawPath } from '../mapping/record-path.ts'
import { sourceErrors } from '../mapping/source-errors.ts'
import { zoneErrors } from '../mapping/zone-errors.ts'
import validate from '../schemas/compiled-inputs.js'
import { OWN_TYPES } from '../schemas/event-types.ts'
import { type FindErrors, readEdited, readValid, type Sound } from '../support/edited-file.ts'
import type { FilePath, LocatedError, PathError } from '../support/file-errors.ts'
import { describeUnknown } from '../support/suggestion.ts'
import type { Input, InputCluster, InputEvent } from './input.ts'

const SCHEMA = { validate, texts: [inputsTexts, mappingTexts] }

/** Content of the file after it was validated against its schema. */
interface RawInputs {
  readonly clusters?: Readonly<Record<string, Omit<InputCluster, 'name'>>>
  readonly inputs?: readonly RawInput[]
}

interface RawInput {
  readonly topic: string
  readonly cluster?: string
  readonly mappings?: readonly string[]
  readonly to?: 'readings' | 'events'
  readonly as?: {
    readonly type: string
    readonly subject: RawSource
    readonly time: string | RawTime
    readonly source?: string
    readonly id?: OneOrMore<RawSource>
    readonly schema?: string
  }
}

interface RawTime extends Omit<TimeSource, 'from'> {
  readonly from: RawPath
}

/**
 * Reads the inputs.
 *
 * @param file name of the file in error messages
 * @throws InvalidFile with all errors
 */
export function readInputs(text: string, file: string): readonly Input[] {
  const { inputs = [], clusters = {} } = readValid(
    SCHEMA,
    'the inputs',
    { file, text },
    contradictions,
  ).content
  return inputs.map(input => toInput(input, clusters))
}

/** Adds the positions in the file to errors that were found in its inputs. The path of an error begins within its input. */
export function locateErrors(
  text: string,
  file: string,
  errors: readonly (PathError & { readonly topic: string })[],
): readonly LocatedError[] {
  const { content, locate } = readEdited<RawInputs>(SCHEMA, { file, text }, () => [])
  return locate(
    errors.map(({ topic, path, message }) => {
      const index = content.inputs?.findIndex(input => input.topic === topic) ?? 0
      return { path: ['inputs', index, ...path], message }
    }),
  )
}

const contradictions: FindErrors<RawInputs> = ({ inputs = [], clusters = {} }, isWrong) => {
  const addressless = Object.entries(clusters).filter(([, cluster]) => !cluster?.arn && !cluster?.brokers)
  return [
    ...addressless.map(([name]) => ({ path: ['clusters', name], message: 'needs arn or brokers' })),
    ...inputErrors(inputs, isWrong('clusters') ? undefined : Object.keys(clusters)),
  ]
}

/** @param clusters names of the clusters; undefined if they have errors */
function inputErrors(inputs: readonly Sound<RawInput>[], clusters?: readonly string[]): PathError[] {
  return inputs.flatMap((input, index) => {
    const path: FilePath = ['inputs', index]
    const { topic, cluster, as } = input
    const first = inputs.findIndex(input => input.topic === topic)
    return [
      ...(topic !== undefined && first < index
        ? [{ path: [...path, 'topic'], message: 'an earlier input has this topic' }]
        : []),
      ...(cluster === undefined || clusters?.includes(cluster) !== false
        ? []
        : [{ path: [...path, 'cluster'], message: describeUnknown('cluster', cluster, clusters) }]),
      ...toErrors(input as RawInput, path),
      ...(as ? eventErrors(as as Partial<NonNullable<RawInput['as']>>, [...path, 'as']) : []),
    ]
  })
}

function toErrors({ to = 'readings', as, mappings }: RawInput, path: FilePath): PathError[] {
  if (to === 'readings')
    return as
      ? [{ path: [...path, 'as'], message: 'is for records that are not readings: add `to: events`' }]
      : []
  return [
    ...(as
      ? []
      : [{ path: [...path, 'to'], message: 'needs `as`, with type, subject and time of the events' }]),
    ...(mappings
      ? [{ path: [...path, 'mappings'], message: 'result in readings: remove them, or `to: events`' }]
      : []),
  ]
}

function eventErrors(
  { type = '', subject, time, id }: Partial<NonNullable<RawInput['as']>>,
  path: FilePath,
): PathError[] {
  const own = type.startsWith(OWN_TYPES)
    ? [{ path: [...path, 'type'], message: `types of ${OWN_TYPES}* are Sluice's own: choose another one` }]
    : []
  const ids = toList(id).flatMap(part => sourceErrors(part, 'scalar', [...path, 'id']))
  const subjects = subject === undefined ? [] : sourceErrors(subject, 'scalar', [...path, 'subject'])
  return [
    ...own,
    ...subjects,
    ...ids,
    ...(typeof time === 'object' ? zoneErrors(time, [...path, 'time']) : []),
  ]
}

function toInput(
  { topic, cluster: name, mappings, as }: RawInput,
  clusters: NonNullable<RawInputs['clusters']>,
): Input {
  return {
    topic,
    ...(name === undefined ? {} : { cluster: { name, ...clusters[name] } }),
    ...(mappings === undefined ? {} : { mappings }),
    ...(as === undefined ? {} : { as: toInputEvent(topic, as) }),
  }
}

function toInputEvent(
  topic: string,
  { type, subject, time, source = `/inputs/${topic}`, id, schema }: NonNullable<RawInput['as']>,
): InputEvent {
  return {
    type,
    source,
    subject,
    times: [toTime(time)],
    ...(id === undefined ? {} : { id: toList(id) }),
    ...(schema === undefined ? {} : { schema }),
  }
}

function toTime(time: string | RawTime): 'record' | TimeSource {
  if (time === 'record') return 'record'
  const { from, ...rest } = typeof time === 'string' ? { from: time } : time
  return { from: [parsePath(from)], ...rest }
}
