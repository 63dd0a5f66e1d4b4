/** Alarms about who may use the console, where it is deployed. Pure. */
import type { AlarmKind, Deployed } from './alarm.ts'
import { atOnce, counted, MINUTE } from './counted.ts'

/** Returns whether the console is deployed. */
export function hasConsole({ functions }: Pick<Deployed, 'functions'>): boolean {
  return functions.some(({ uses }) => uses.includes('console'))
}

export const CONSOLE = {
  'console-tokens': {
    says: 'The console cannot read its tokens: nobody can use it, or soon.',
    urgency: 'soon',
    cause: 'console',
    watches: deployed => (hasConsole(deployed) ? counted('tokens-unreadable')(deployed) : []),
    when: atOnce('for up to 15 minutes, a token counts that may have been taken out of the secret'),
    missing: 'notBreaching',
  },
  'console-sign-ins': {
    says: 'Many sign-ins to the console fail.',
    urgency: 'soon',
    cause: 'console',
    watches: deployed => (hasConsole(deployed) ? counted('sign-in-failed')(deployed) : []),
    when: {
      above: 20,
      periodSeconds: 5 * MINUTE,
      periods: 1,
      because: 'a person gets a token wrong a few times, and a program all the time',
    },
    missing: 'notBreaching',
  },
} as const satisfies Readonly<Record<string, AlarmKind>>
