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
import { readEdited, readValid, type Validated } from '../support/edited-file.ts'
import type { FilePath, LocatedError, PathError } from '../support/file-errors.ts'
import type { Input, InputEvent } from './input.ts'

const SCHEMA = { validate, texts: [inputsTexts, mappingTexts] }

/** Content of the file after it was validated against its schema. */
interface RawInputs {
  readonly inputs?: readonly RawInput[]
}

interface RawInput {
  /** Name, in which `{env}` stands for the environment, and one list such as `{a,b}` for several topics. */
  readonly topic: string
  readonly mappings?: readonly string[]
  readonly to?: 'readings' | 'events'
  readonly as?: {
    readonly type: string
    readonly subject: RawSource
    readonly time: string | RawTime
    readonly source?: string
    readonly id?: OneOrMore<RawSource>
    readonly texts?: readonly string[]
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
 * @param env environment, for names of topics
 * @throws InvalidFile with all errors
 */
export function readInputs(text: string, file: string, env: string): readonly Input[] {
  const { inputs = [] } = readValid<RawInputs>(SCHEMA, 'the inputs', { file, text }, content =>
    inputErrors(content, env),
  ).content
  return inputs.flatMap(input => expandTopic(input.topic, env).map(topic => toInput({ ...input, topic })))
}

/** Returns the names of the topics of an entry. */
function expandTopic(topic: string, env: string): readonly string[] {
  const name = topic.replaceAll('{env}', env)
  const [before, list, after, ...more] = name.split(/[{}]/)
  if (list === undefined || more.length > 0) return [name]
  return list.split(',').map(part => `${before}${part}${after}`)
}

/** Adds the positions in the file to errors that were found in its inputs. The path of an error begins within its input. */
export function locateErrors(
  text: string,
  file: string,
  errors: readonly (PathError & { readonly topic: string })[],
  env: string,
): readonly LocatedError[] {
  const { content, locate } = readEdited<RawInputs>(SCHEMA, { file, text }, () => [])
  const located = locate(
    errors.map(({ topic, path, message }) => {
      const index = content.inputs?.findIndex(input => expandTopic(input.topic, env).includes(topic)) ?? 0
      return { path: ['inputs', index, ...path], message }
    }),
  )
  // The topics of one entry have the same errors.
  return [
    ...new Map(located.map(error => [`${error.line}:${error.column} ${error.message}`, error])).values(),
  ]
}

function inputErrors({ inputs = [] }: Validated<RawInputs>, env: string): PathError[] {
  const earlier = new Set<string>()
  return inputs.flatMap((input, index) => {
    const path: FilePath = ['inputs', index]
    const { topic, as } = input
    return [
      ...topicErrors(topic === undefined ? [] : expandTopic(topic, env), earlier, [...path, 'topic']),
      ...toErrors(input as RawInput, path),
      ...(as ? eventErrors(as as Partial<NonNullable<RawInput['as']>>, [...path, 'as']) : []),
    ]
  })
}

/** Name of a topic, without what stands for others. */
const TOPIC = /^(?!(\.{1,2}|__proto__)$)[\w.-]{1,180}$/

/** @param earlier names of earlier topics, to which these are added */
function topicErrors(names: readonly string[], earlier: Set<string>, path: FilePath): PathError[] {
  const again = names.find(name => earlier.size === earlier.add(name).size)
  if (again !== undefined)
    return [{ path, message: `an earlier input has this topic${names.length > 1 ? `: ${again}` : ''}` }]
  const wrong = names.find(name => !TOPIC.test(name))
  if (wrong === undefined) return []
  return [
    {
      path,
      message: `must be names of at most 180 letters, digits, dots, _ and -, and may have one list such as {a,b}; one is ${wrong.slice(0, 200)}`,
    },
  ]
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

function toInput({ topic, mappings, as }: RawInput): Input {
  return {
    topic,
    ...(mappings === undefined ? {} : { mappings }),
    ...(as === undefined ? {} : { as: toInputEvent(topic, as) }),
  }
}

function toInputEvent(
  topic: string,
  { type, subject, time, source = `/inputs/${topic}`, id, texts, schema }: NonNullable<RawInput['as']>,
): InputEvent {
  return {
    type,
    source,
    subject,
    times: [toTime(time)],
    ...(id === undefined ? {} : { id: toList(id) }),
    ...(texts === undefined ? {} : { texts: texts.map(path => parsePath(path).steps) }),
    ...(schema === undefined ? {} : { schema }),
  }
}

function toTime(time: string | RawTime): 'record' | TimeSource {
  if (time === 'record') return 'record'
  const { from, ...rest } = typeof time === 'string' ? { from: time } : time
  return { from: [parsePath(from)], ...rest }
}
