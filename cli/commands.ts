/**
 * Commands of `sluice`, in the order of the help, each with one line of description. When a command runs, only its own file is
 * loaded. Questions and operations are commands by their rows in `all.ts`. The path of any other file corresponds to the words of its
 * command: `rules test` is declared in `rules/test.ts`, and `verify` in `verify/verify.ts`.
 */

import { type ListedOperation, OPERATIONS } from '../control/operations/all.ts'
import { ALL_QUESTIONS, type ListedQuestion } from '../control/questions/all.ts'
import type { CommandValue } from './command.ts'

/** Command with its description and its file. */
export type ListedCommand = readonly [line: string, load: () => Promise<{ readonly default: CommandValue }>]

/** Line of a group in the help, and its description in paragraphs. */
type Description = readonly [line: string, about: string]

interface Group {
  readonly description: Description
  /** Command that has the word of the group alone; absent if there is none. */
  readonly own: ListedCommand | undefined
  readonly commands: Readonly<Record<string, ListedCommand>>
}

/** Groups by their word. A command of one word is a group without further commands. */
export type CommandTree = Readonly<Record<string, Group>>

/** Commands and options of earlier versions, with what to do instead. */
export const REMOVED_COMMANDS: Readonly<Record<string, string>> = {
  'skip --undo': '`sluice skip undo` has the same arguments',
  'notifications check':
    'the start, a save under npm start and serverless package check the files, and name every error',
  'state erase':
    'a state is forgotten after eight silent days, and docs/state.md says how long all else is kept, and how to delete rows',
}

/** Descriptions of groups. A group that is missing here has the line of its first command. */
const GROUPS: Readonly<Record<string, Description>> = {
  entities: ['list entities', 'Show the entities that have sent readings.'],
  state: [
    'show and drop the state of a consumer',
    `Show and drop the state of a consumer.

The state of a consumer for one partition is one partition state in Redis. Its applied offset is the offset of the
last processed record.`,
  ],
  topics: [
    'create and describe topics, apply the topic table',
    'Create and describe topics, and change them as the topic table says.',
  ],
  alerts: ['list and show alerts', 'List and show alerts.'],
  dlq: [
    'list, show and redrive dead letters',
    'List, show and redrive dead letters, which are records that a consumer could not process.',
  ],
  groups: ['show consumer groups and their lag', 'Show the consumer groups of the cluster.'],
  brokers: ['list the brokers of the cluster', 'Show the brokers of the cluster.'],
  subjects: ['list the subjects of the schema registry', 'Show the subjects of the schema registry.'],
  families: [
    'propose families of readings',
    'Propose families, which are YAML files that describe readings: their entity, metrics and units.',
  ],
  mappings: [
    'try mappings of records of other forms',
    'Try mappings, which are YAML files that convert records of other formats to readings.',
  ],
  rules: [
    'show, check, test and try alert rules',
    'Show, check, test and try the alert rules: the YAML files that define alerts.',
  ],
  views: [
    'list, apply, drop and serve tables declared in SQL',
    'List, apply, drop and serve the tables that are declared in SQL.',
  ],
  schemas: [
    'check and register the schemas of events',
    `Check and register the schemas of events in a schema registry.

The schemas are packaged with the code (events/schemas/). Functions never register them: with a registry and SERIALIZATION,
functions start only if their schemas are registered.`,
  ],
  silence: [
    'mute notifications of alerts for a while',
    'Silence matching alerts: no notifications for a while. They still fire, and stay in the alerts topic.',
  ],
  new: ['create files for a new consumer', 'Create the files for a new consumer in this project.'],
}

/** Commands that are neither questions nor operations, by their words. */
const OTHERS: Readonly<Record<string, ListedCommand>> = {
  import: ['convert CSV files or JSON lines to a stream of CloudEvents', () => import('./import.ts')],
  replay: ['publish a recording, a stream of events or a captured batch', () => import('./replay/replay.ts')],
  generate: ['simulate a fleet of sensors, and publish its readings', () => import('./generate/generate.ts')],
  'state entity': ['show the state of an entity', () => import('./state/entity.ts')],
  verify: ['compare the results of a consumer with its log', () => import('./verify/verify.ts')],
  'alerts send-test': ['send a test to the receivers', () => import('./alerts/send-test.ts')],
  sql: ['query readings, events, alerts and dead letters with SQL', () => import('./sql/sql.ts')],
  doctor: ['check an environment', () => import('./doctor/doctor.ts')],
  etl: ['add older records to the database', () => import('./etl.ts')],
  console: ['serve the console', () => import('./console/console.ts')],
  consume: ['show the records of a topic, or write them into a file', () => import('./consume/consume.ts')],
  publish: ['publish single events', () => import('./publish/publish.ts')],
  'families propose': [
    'draft a family and a mapping from sample records',
    () => import('./families/propose.ts'),
  ],
  'mappings try': [
    'show the result of mappings for the records of a file or topic',
    () => import('./mappings/try.ts'),
  ],
  'rules check': ['check alert rules', () => import('./rules/check.ts')],
  'rules test': ['run tests of alert rules', () => import('./rules/test.ts')],
  'rules try': ['try alert rules on the readings of the past', () => import('./rules/try.ts')],
  'views serve': ["serve ksqlDB's REST interface to the tables", () => import('./views/serve.ts')],
  'schemas check': ['compare schemas with the registry', () => import('./schemas/check.ts')],
  'new consumer': ['create a process, a handler, an entry and a test', () => import('./new/consumer.ts')],
}

const FIRST_WORDS =
  'import replay reprocess generate entities stats state skip topics verify alerts sql dlq doctor etl groups brokers subjects console consume publish families mappings rules views schemas silence new'
const LAST_WORDS =
  'add create list pending show describe lag entity check test try register redrive apply drop end serve send-test'

/** Words in the order of the help. All others follow them. */
const ORDER = `${FIRST_WORDS} ${LAST_WORDS}`.split(' ')

export const COMMANDS: CommandTree = buildTree([
  ...Object.entries(OTHERS),
  ...Object.entries(ALL_QUESTIONS).map(([words, listed]) => [words, asks(listed)] as const),
  ...Object.entries(OPERATIONS).map(([words, listed]) => [words, carriesOut(words, listed)] as const),
])

/** Returns the command that asks a question. */
function asks({ line, load }: ListedQuestion): ListedCommand {
  return [line, async () => ({ default: (await load()).visit((await import('./questions.ts')).toCommand) })]
}

/** Returns the command that carries out an operation. */
function carriesOut(words: string, { line, load }: ListedOperation): ListedCommand {
  const loadCommand = async () => {
    const { toCommand } = await import('./operations.ts')
    return { default: (await load()).visit(operation => toCommand(words, operation)) }
  }
  return [line, loadCommand]
}

/** Arranges commands by their first words. */
function buildTree(leaves: readonly (readonly [words: string, leaf: ListedCommand])[]): CommandTree {
  const rank = (word = '') => (ORDER.includes(word) ? ORDER.indexOf(word) : ORDER.length)
  const sorted = leaves
    .map(([words, leaf]) => [words.split(' '), leaf] as const)
    .sort(([[a, b]], [[c, d]]) => rank(a) - rank(c) || rank(b) - rank(d))
  const byFirst = Map.groupBy(sorted, ([[first = '']]) => first)
  const groups = Array.from(byFirst, ([first, all]): [string, Group] => {
    const { '': own, ...commands } = Object.fromEntries(all.map(([[, last = ''], leaf]) => [last, leaf]))
    const line = (own ?? all[0]?.[1])?.[0] ?? ''
    const about = `${line.slice(0, 1).toUpperCase()}${line.slice(1)}.`
    return [first, { description: GROUPS[first] ?? [line, about], own, commands }]
  })
  return Object.fromEntries(groups)
}
