/**
 * The commands of `sluice`, in the order of the help: one line about each, and the file that declares the rest. Only the file of
 * the named command is loaded. The words of a command are its path: `rules test` is in `rules/test.ts`, and `tail` in
 * `tail/index.ts`, or in `tail.ts` if it is one file.
 */

import { OPEN_MS } from '../packages/runtime/pipeline/failures/failure-surge.ts'
import type { CommandValue } from './command.ts'

/** The line is missing where a command is for programs alone. */
type Leaf = readonly [line: string | undefined, load: () => Promise<{ readonly default: CommandValue }>]

interface Group {
  readonly line: string
  /** Paragraphs, as those of a command. */
  readonly about: string
  readonly commands: Readonly<Record<string, Leaf>>
}

export type Listed = Readonly<Record<string, Leaf | Group>>

export const COMMANDS: Listed = {
  import: ['turn CSV files, or JSON lines, into a stream of CloudEvents', () => import('./import/index.ts')],
  record: ['write the records of a topic into a file, for replay', () => import('./record/index.ts')],
  replay: ['publish recordings, recorded streams or captured batches', () => import('./replay/index.ts')],
  reprocess: [
    "compute a consumer's states anew from the log, beside the live ones",
    () => import('./reprocess/index.ts'),
  ],
  generate: ['simulate a fleet of sensors, and publish its readings', () => import('./generate/index.ts')],
  stats: ['show statistics of entities', () => import('./stats/index.ts')],
  state: {
    line: 'look at what a consumer remembers, take it, put it back, erase an entity',
    about: `Look at what a consumer remembers of its partitions, take it, put it back, and erase an entity from it.

The state of a consumer for one partition is one partition state in Redis, with an applied offset: the last offset that is
decided. A checkpoint is a partition state as a file; from its applied offset the log is read on.`,
    commands: {
      list: [
        'list every partition state, those without a function included',
        () => import('./state/list.ts'),
      ],
      show: ['show what a consumer remembers', () => import('./state/show.ts')],
      sources: ['show which producers have the most entities', () => import('./state/sources.ts')],
      export: ['write a checkpoint of a partition', () => import('./state/export.ts')],
      import: ['put a checkpoint back', () => import('./state/import.ts')],
      drop: ['let a consumer forget a partition', () => import('./state/drop.ts')],
      erase: ['erase what all consumers remember of an entity, or of many', () => import('./state/erase.ts')],
    },
  },
  breaker: {
    line: 'look at the circuit breaker of a consumer, and reset it',
    about: `Look at the circuit breaker of a consumer, and reset it.

If most records of a consumer fail with an unexpected error, the breaker opens and its batches stay in Kafka: a bad
deployment must not empty the topic into the dead letters. It closes with the next version of the code, after
${OPEN_MS / 60_000} minutes, or when an operator resets it.`,
    commands: {
      show: ['show whether the breaker is open', () => import('./breaker/show.ts')],
      reset: ['close the breaker', () => import('./breaker/reset.ts')],
    },
  },
  skip: ['find the record that hangs a consumer, and set it aside', () => import('./skip/index.ts')],
  tail: ['show topics, record by record', () => import('./tail/index.ts')],
  topics: {
    line: 'create topics, look at them, compare them with the table',
    about: 'Create topics, look at them, and keep those of an environment as the table of topics says.',
    commands: {
      create: ['create a topic', () => import('./topics/create.ts')],
      list: ['list the topics of the cluster', () => import('./topics/list.ts')],
      describe: [
        'show partitions, leaders, replicas and settings of a topic',
        () => import('./topics/describe.ts'),
      ],
      stats: [
        'show messages, bytes, pending messages and subscribers of a topic',
        () => import('./topics/stats.ts'),
      ],
      balance: ['show how evenly a topic fills its partitions', () => import('./topics/balance.ts')],
      plan: ['show how topics differ from the table', () => import('./topics/plan.ts')],
      apply: ['bring topics to what the table says', () => import('./topics/apply.ts')],
      grow: [
        'add partitions to a topic, and move the states of its consumers',
        () => import('./topics/grow.ts'),
      ],
    },
  },
  verify: [
    'compare what a consumer has made of its log with the log itself',
    () => import('./verify/index.ts'),
  ],
  alerts: {
    line: 'look at alerts, and acknowledge them',
    about: 'Look at the alerts that fire now or have fired, and acknowledge them.',
    commands: {
      list: ['list the alerts that fire now, or have fired', () => import('./alerts/list.ts')],
      show: ['show an alert, or the alerts of an entity', () => import('./alerts/show.ts')],
      count: ['count alerts by rule, severity, entity or hour', () => import('./alerts/count.ts')],
      ack: ['acknowledge an alert that fires', () => import('./alerts/ack.ts')],
      sql: ['ask the alert log in SQL', () => import('./alerts/sql.ts')],
      'send-test': ['send a test to the receivers', () => import('./alerts/send-test.ts')],
    },
  },
  dlq: {
    line: 'look at dead letters, and redrive them',
    about: 'Look at dead letters, which are records that a consumer could not process, and bring them back.',
    commands: {
      list: ['list dead letters, and why they failed', () => import('./dlq/list.ts')],
      show: ['show a dead letter with the bytes that failed', () => import('./dlq/show.ts')],
      policy: ['check which failures are tried again', () => import('./dlq/policy.ts')],
      redrive: ['bring dead letters back to the consumers that failed', () => import('./dlq/redrive.ts')],
      drop: ['mark dead letters as done with', () => import('./dlq/drop.ts')],
      export: ['write dead letters to a file', () => import('./dlq/export.ts')],
    },
  },
  doctor: ['check an environment, or what a deployment will need', () => import('./doctor/index.ts')],
  groups: {
    line: 'look at consumer groups, and how far they are behind',
    about: 'Inspect the consumer groups of the cluster.',
    commands: {
      list: ['list consumer groups with state and members', () => import('./groups/list.ts')],
      lag: ['show how far consumer groups are behind', () => import('./groups/lag.ts')],
    },
  },
  console: ['serve the console: one page to see what flows, and to act', () => import('./console/index.ts')],
  consume: ['consume a topic, alone or as a member of a group', () => import('./consume/index.ts')],
  publish: ['publish single events of your own', () => import('./publish/index.ts')],
  mappings: {
    line: 'try mappings of records of other forms',
    about: 'Try mappings: the YAML files that turn records of other forms into readings.',
    commands: {
      try: ['show the result of mappings for the records of a file', () => import('./mappings/try.ts')],
    },
  },
  inspect: ['show the events in a captured Lambda event', () => import('./inspect/index.ts')],
  logs: ['show what functions have logged', () => import('./logs/index.ts')],
  rules: {
    line: 'check, test and score alert rules',
    about: 'Check, test and score the alert rules: the YAML files that say when a reading is an alert.',
    commands: {
      check: ['check alert rules', () => import('./rules/check.ts')],
      test: ['try alert rules on timelines', () => import('./rules/test.ts')],
      score: ['measure how well alert rules find labelled anomalies', () => import('./rules/score.ts')],
    },
  },
  run: ['run functions as a process, without Lambda', () => import('./run.ts')],
  notifications: {
    line: 'validate notification routes and receivers',
    about: 'Validate the notification routes and receivers.',
    commands: {
      check: ['check the routes and receivers of a folder', () => import('./notifications/check.ts')],
    },
  },
  schemas: {
    line: 'check and register the schemas of events',
    about: `The schemas of events in a schema registry: which it has, what a new version would break, and registering them.

The schemas ship with the code (schemas/). Functions never register them: with a registry and SERIALIZATION, they start only if theirs are
registered.`,
    commands: {
      list: ['list schemas, and what the registry has', () => import('./schemas/list.ts')],
      check: ['show what registering would do', () => import('./schemas/check.ts')],
      register: ['register schemas', () => import('./schemas/register.ts')],
    },
  },
  silence: {
    line: 'send no notifications of some alerts for a while',
    about:
      'Silence matching alerts: no notifications for a while. They still fire, and stay in the alerts topic.',
    commands: {
      add: ['add a silence', () => import('./silence/add.ts')],
      list: ['list silences', () => import('./silence/list.ts')],
      end: ['end a silence', () => import('./silence/end.ts')],
    },
  },
  new: {
    line: 'start something new in this project',
    about: 'Write the files that something new in this project begins with.',
    commands: {
      consumer: ['write a process, a handler, an entry and a test', () => import('./new/consumer.ts')],
    },
  },
  config: {
    line: 'show settings, and where they come from',
    about: 'Look at the settings of functions and commands.',
    commands: {
      show: ['show settings, and where they come from', () => import('./config/show.ts')],
    },
  },
  stacks: ['list the stacks that run', () => import('./stacks.ts')],
  completion: ['print the completion script of a shell', () => import('./completion/index.ts')],
  complete: [undefined, () => import('./completion/complete.ts')],
}
