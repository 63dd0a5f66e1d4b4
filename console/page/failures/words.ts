/** Words for commands. Pure. */
import type { Plan } from '../../api/failures/handling.ts'

export type Command = Plan['request']['command']

export const WORDS: Readonly<Record<Command, { readonly does: string; readonly done: string }>> = {
  redrive: { does: 'Redrive', done: 'redriven' },
  drop: { does: 'Drop', done: 'dropped' },
}
