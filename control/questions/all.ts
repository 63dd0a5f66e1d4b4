/** All questions. */
import type { AnyQuestion } from './question.ts'

/** Question that is loaded when it is asked. */
export interface ListedQuestion {
  /** Line of its command in the help. */
  readonly line: string
  /** Path of its route and page. */
  readonly path: string
  readonly load: () => Promise<AnyQuestion>
}

/** Questions by the words of their commands. Each is a value in a file of this folder, and one row here: command, route and page follow. */
const LISTED = {
  'alerts list': {
    line: 'list firing or resolved alerts',
    path: '/alerts/list',
    load: async () => (await import('./alerts.ts')).ALERTS,
  },
  'alerts pending': {
    line: 'list alerts that do not fire yet',
    path: '/alerts/pending',
    load: async () => (await import('./alerts.ts')).PENDING_ALERTS,
  },
  'alerts show': {
    line: 'show an alert, or the alerts of an entity',
    path: '/alerts/one',
    load: async () => (await import('./alert.ts')).ALERT,
  },
  'dlq list': {
    line: 'list dead letters with the reasons of their failures',
    path: '/failures',
    load: async () => (await import('./dead-letters.ts')).DEAD_LETTERS,
  },
  'dlq reasons': {
    line: 'list the reasons of dead letters, with their number and an example',
    path: '/failures/reasons',
    load: async () => (await import('./dead-letter-reasons.ts')).DEAD_LETTER_REASONS,
  },
  'dlq show': {
    line: 'show a dead letter with the bytes that failed',
    path: '/failures/letter',
    load: async () => (await import('./dead-letter.ts')).DEAD_LETTER,
  },
  'entities list': {
    line: 'list entities',
    path: '/telemetry/entities',
    load: async () => (await import('./entities.ts')).ENTITIES,
  },
  stats: {
    line: 'show statistics of entities',
    path: '/telemetry/statistics',
    load: async () => (await import('./entities.ts')).METRICS,
  },
  'state list': {
    line: 'list states of consumers',
    path: '/states',
    load: async () => (await import('./states.ts')).STATES,
  },
  'state show': {
    line: 'show the state of a consumer',
    path: '/states/one',
    load: async () => (await import('./states.ts')).STATE,
  },
  'rules list': {
    line: 'list the active alert rules',
    path: '/alerts/rules',
    load: async () => (await import('./rules.ts')).RULES,
  },
  'rules show': {
    line: 'show an alert rule',
    path: '/alerts/rules/one',
    load: async () => (await import('./rule.ts')).RULE,
  },
  'silence list': {
    line: 'list silences',
    path: '/alerts/silences',
    load: async () => (await import('./silences.ts')).SILENCES,
  },
  'topics list': {
    line: 'list the topics of the cluster',
    path: '/kafka/topics',
    load: async () => (await import('./topics.ts')).TOPICS,
  },
  'topics describe': {
    line: 'show partitions, leaders, replicas and settings of a topic',
    path: '/kafka/topics/one',
    load: async () => (await import('./topic.ts')).TOPIC,
  },
  'brokers list': {
    line: 'list the brokers of the cluster',
    path: '/kafka/brokers',
    load: async () => (await import('./brokers.ts')).BROKERS,
  },
  'groups list': {
    line: 'list consumer groups',
    path: '/kafka/groups',
    load: async () => (await import('./groups.ts')).GROUPS,
  },
  'groups lag': {
    line: 'show the lag of consumer groups by partition',
    path: '/kafka/groups/one',
    load: async () => (await import('./group.ts')).GROUP,
  },
  'subjects list': {
    line: 'list the subjects of the schema registry',
    path: '/kafka/subjects',
    load: async () => (await import('./subjects.ts')).SUBJECTS,
  },
  'views list': {
    line: 'list the tables of config/views, and those that were sent',
    path: '/tables',
    load: async () => (await import('./sql-tables.ts')).SQL_TABLES,
  },
} as const satisfies Readonly<Record<string, ListedQuestion>>

export type QuestionWords = keyof typeof LISTED

export const ALL_QUESTIONS: Readonly<Record<QuestionWords, ListedQuestion>> = LISTED

/** Types of all questions, by their paths. */
export type QuestionsByPath = {
  readonly [Words in QuestionWords as (typeof LISTED)[Words]['path']]: Awaited<
    ReturnType<(typeof LISTED)[Words]['load']>
  >
}
