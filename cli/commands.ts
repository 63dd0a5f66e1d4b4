/**
 * Commands of `sluice`, in the order of the help, each with one line of description and the file that declares it. When a command
 * runs, only its own file is loaded. The path of the file corresponds to the words of the command: `rules test` is declared in
 * `rules/test.ts`, and `verify` in `verify/verify.ts`.
 */

import { OPERATIONS } from '../lib/operations/all.ts'
import { ALL_QUESTIONS, type QuestionWords } from '../lib/questions/all.ts'
import type { CommandValue } from './command.ts'

/** Command with its description and its file. */
type Leaf = readonly [line: string, load: () => Promise<{ readonly default: CommandValue }>]

interface Group {
  readonly line: string
  /** Description of the group, in paragraphs. */
  readonly about: string
  readonly commands: Readonly<Record<string, Leaf>>
}

export type CommandTree = Readonly<Record<string, Leaf | Group>>

/** Returns the command that asks a question. */
function asks(words: QuestionWords): Leaf {
  const { line, load } = ALL_QUESTIONS[words]
  return [line, async () => ({ default: (await import('./questions.ts')).toCommand(await load()) })]
}

/** Returns the command that carries out an operation. */
function carriesOut(action: keyof typeof OPERATIONS): Leaf {
  const { line, load } = OPERATIONS[action]
  return [line, async () => ({ default: (await import('./operations.ts')).toCommand(await load()) })]
}

/** Commands of earlier versions, with what to do instead. */
export const REMOVED_COMMANDS: Readonly<Record<string, string>> = {
  'notifications check':
    'the start, a save under npm start and serverless package check the files, and name every error',
  'state erase':
    'a state is forgotten after eight silent days, and docs/state.md says how long all else is kept, and how to delete rows',
}

export const COMMANDS: CommandTree = {
  import: ['convert CSV files or JSON lines to a stream of CloudEvents', () => import('./import.ts')],
  replay: ['publish a recording, a stream of events or a captured batch', () => import('./replay/replay.ts')],
  reprocess: carriesOut('reprocess'),
  generate: ['simulate a fleet of sensors, and publish its readings', () => import('./generate/generate.ts')],
  entities: {
    line: 'list entities',
    about: 'Show the entities that have sent readings.',
    commands: {
      list: asks('entities list'),
    },
  },
  stats: asks('stats'),
  state: {
    line: 'show and drop the state of a consumer',
    about: `Show and drop the state of a consumer.

The state of a consumer for one partition is one partition state in Redis. Its applied offset is the offset of the
last processed record.`,
    commands: {
      list: asks('state list'),
      show: asks('state show'),
      entity: ['show the state of an entity', () => import('./state/entity.ts')],
      drop: carriesOut('state drop'),
    },
  },
  skip: carriesOut('skip'),
  topics: {
    line: 'create and describe topics, apply the topic table',
    about: 'Create and describe topics, and change them as the topic table says.',
    commands: {
      create: carriesOut('topics create'),
      list: asks('topics list'),
      describe: asks('topics describe'),
      apply: carriesOut('topics apply'),
    },
  },
  verify: ['compare the results of a consumer with its log', () => import('./verify/verify.ts')],
  alerts: {
    line: 'list and show alerts',
    about: 'List and show alerts.',
    commands: {
      list: asks('alerts list'),
      pending: asks('alerts pending'),
      show: asks('alerts show'),
      'send-test': ['send a test to the receivers', () => import('./alerts/send-test.ts')],
    },
  },
  sql: ['query readings, events, alerts and dead letters with SQL', () => import('./sql/sql.ts')],
  dlq: {
    line: 'list, show and redrive dead letters',
    about: 'List, show and redrive dead letters, which are records that a consumer could not process.',
    commands: {
      list: asks('dlq list'),
      show: asks('dlq show'),
      redrive: carriesOut('dlq redrive'),
      drop: carriesOut('dlq drop'),
    },
  },
  doctor: ['check an environment', () => import('./doctor/doctor.ts')],
  etl: ['fill the database from the past', () => import('./etl.ts')],
  groups: {
    line: 'show consumer groups and their lag',
    about: 'Show the consumer groups of the cluster.',
    commands: {
      list: asks('groups list'),
      lag: asks('groups lag'),
    },
  },
  brokers: {
    line: 'list the brokers of the cluster',
    about: 'Show the brokers of the cluster.',
    commands: {
      list: asks('brokers list'),
    },
  },
  subjects: {
    line: 'list the subjects of the schema registry',
    about: 'Show the subjects of the schema registry.',
    commands: {
      list: asks('subjects list'),
    },
  },
  console: ['serve the console', () => import('./console/console.ts')],
  consume: ['show the records of a topic, or write them into a file', () => import('./consume/consume.ts')],
  publish: ['publish single events', () => import('./publish/publish.ts')],
  families: {
    line: 'propose families of readings',
    about: 'Propose families, which are YAML files that describe readings: their entity, metrics and units.',
    commands: {
      propose: ['draft a family and a mapping from sample records', () => import('./families/propose.ts')],
    },
  },
  mappings: {
    line: 'try mappings of records of other forms',
    about: 'Try mappings, which are YAML files that convert records of other formats to readings.',
    commands: {
      try: [
        'show the result of mappings for the records of a file or topic',
        () => import('./mappings/try.ts'),
      ],
    },
  },
  rules: {
    line: 'show, check, test and try alert rules',
    about: 'Show, check, test and try the alert rules: the YAML files that define alerts.',
    commands: {
      list: asks('rules list'),
      show: asks('rules show'),
      check: ['check alert rules', () => import('./rules/check.ts')],
      test: ['run tests of alert rules', () => import('./rules/test.ts')],
      try: ['try alert rules on the readings of the past', () => import('./rules/try.ts')],
    },
  },
  views: {
    line: 'list, apply, drop and serve tables declared in SQL',
    about: 'List, apply, drop and serve the tables that config/views declares in SQL.',
    commands: {
      list: asks('views list'),
      apply: carriesOut('views apply'),
      drop: carriesOut('views drop'),
      serve: ["serve ksqlDB's REST interface to the tables", () => import('./views/serve.ts')],
    },
  },
  schemas: {
    line: 'check and register the schemas of events',
    about: `Check and register the schemas of events in a schema registry.

The schemas are packaged with the code (events/schemas/). Functions never register them: with a registry and SERIALIZATION,
functions start only if their schemas are registered.`,
    commands: {
      check: ['compare schemas with the registry', () => import('./schemas/check.ts')],
      register: carriesOut('schemas register'),
    },
  },
  silence: {
    line: 'mute notifications of alerts for a while',
    about:
      'Silence matching alerts: no notifications for a while. They still fire, and stay in the alerts topic.',
    commands: {
      add: carriesOut('silence add'),
      list: asks('silence list'),
      end: carriesOut('silence end'),
    },
  },
  new: {
    line: 'create files for a new consumer',
    about: 'Create the files for a new consumer in this project.',
    commands: {
      consumer: ['create a process, a handler, an entry and a test', () => import('./new/consumer.ts')],
    },
  },
}
