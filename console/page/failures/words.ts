/** Texts for commands and states of operations. Pure. */
import type { OperationAnswer } from '../../api/failures/operation-answer.ts'
import type { Tone } from '../parts/marks.tsx'
import { countText } from '../parts/words.ts'

export type Command = OperationAnswer['command']

export const WORDS: Readonly<Record<Command, { readonly does: string; readonly done: string }>> = {
  redrive: { does: 'Redrive', done: 'redriven' },
  drop: { does: 'Drop', done: 'dropped' },
}

/** Describes which dead letters an operation selects, such as "code schema-violated, since 2026-11-21T12:00:00Z". */
export function meantText({ named, conditions }: Pick<OperationAnswer, 'named' | 'conditions'>): string {
  if (named > 0) return countText(named, 'letter')
  const texts = Object.entries(conditions).map(([name, value]) => `${name} ${value}`)
  return texts.length > 0 ? texts.join(', ') : 'all open dead letters'
}

const STATE_TONE: Readonly<Record<OperationAnswer['state'], Tone>> = {
  running: 'plain',
  stopped: 'warn',
  finished: 'good',
  failed: 'bad',
  interrupted: 'warn',
}

/** Returns the tone in which an operation is shown. A finished redrive is not shown as a success if its records failed again. */
export function toneOf({ state, failedAgain }: Pick<OperationAnswer, 'state' | 'failedAgain'>): Tone {
  return failedAgain && failedAgain.count > 0 ? 'bad' : STATE_TONE[state]
}
