/** Operations that the console of an account offers: its role and its user of Redis permit them. */
import type { AnyOperation } from './operation.ts'

/** Operation that is loaded when it is planned. */
interface ListedOperation {
  /** Line of the command in the help. */
  readonly line: string
  /** True if consoles offer it. Others take longer than a request, or need the code of the project. */
  readonly inConsole?: true
  readonly load: () => Promise<AnyOperation>
}

export type ListedOperations = Readonly<Record<string, ListedOperation>>

export const OPERATIONS_IN_ACCOUNT = {
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
} satisfies ListedOperations
