/** All operations. */
import type { AnyOperation } from './operation.ts'

/** Operation that is loaded when it is planned. */
export interface ListedOperation {
  /** Line of the command in the help. */
  readonly line: string
  /** True if consoles offer it. Others take longer than a request, or need the code of the project. */
  readonly inConsole?: true
  readonly load: () => Promise<AnyOperation>
}

/** Operations by the words of their commands. Each is a value in a file of this folder, and one row here: command, route and button follow. */
const LISTED = {
  'dlq drop': {
    line: 'mark dead letters as handled',
    inConsole: true,
    load: async () => (await import('./dead-letters/handle.ts')).DROP,
  },
  'dlq redrive': {
    line: 'return dead letters to the consumers that failed',
    inConsole: true,
    load: async () => (await import('./dead-letters/handle.ts')).REDRIVE,
  },
  reprocess: {
    line: 'recompute the states of a consumer from the log',
    load: async () => (await import('./reprocess.ts')).REPROCESS,
  },
  'schemas register': {
    line: 'register schemas',
    load: async () => (await import('./schemas/register-schemas.ts')).REGISTER_SCHEMAS,
  },
  'silence add': {
    line: 'add a silence',
    inConsole: true,
    load: async () => (await import('./silences.ts')).ADD_SILENCE,
  },
  'silence end': {
    line: 'end a silence',
    inConsole: true,
    load: async () => (await import('./silences.ts')).END_SILENCE,
  },
  skip: {
    line: 'skip a record at which a consumer hangs',
    inConsole: true,
    load: async () => (await import('./skip.ts')).SKIP,
  },
  'skip undo': {
    line: 'no longer skip records',
    inConsole: true,
    load: async () => (await import('./skip.ts')).UNDO_SKIP,
  },
  'state drop': {
    line: 'drop the state of a partition',
    inConsole: true,
    load: async () => (await import('./drop-state.ts')).DROP_STATE,
  },
  'topics apply': {
    line: 'apply the topic table',
    inConsole: true,
    load: async () => (await import('./change-topics.ts')).APPLY_TOPICS,
  },
  'topics create': {
    line: 'create a topic',
    inConsole: true,
    load: async () => (await import('./change-topics.ts')).CREATE_TOPIC,
  },
  'views apply': {
    line: 'put the statements of a folder into force',
    load: async () => (await import('./change-tables.ts')).APPLY_VIEWS,
  },
  'views drop': {
    line: 'drop tables',
    load: async () => (await import('./change-tables.ts')).DROP_VIEWS,
  },
} satisfies Readonly<Record<string, ListedOperation>>

export const OPERATIONS: Readonly<Record<string, ListedOperation>> = LISTED

/** Operations that consoles offer. */
export const CONSOLE_OPERATIONS: typeof OPERATIONS = Object.fromEntries(
  Object.entries(OPERATIONS).filter(([, { inConsole }]) => inConsole),
)

type Listed = typeof LISTED

/** Types of the operations that consoles offer, by their words. */
export type ConsoleOperations = {
  readonly [Words in keyof Listed as Listed[Words] extends { inConsole: true } ? Words : never]: Awaited<
    ReturnType<Listed[Words]['load']>
  >
}
