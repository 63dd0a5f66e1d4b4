/** How commands and states are called. Pure. */
import type { OperationAnswer } from '../../api/failures/operation-answer.ts'
import { countText } from '../parts/words.ts'

export type Command = OperationAnswer['command']

export const WORDS: Readonly<Record<Command, { readonly does: string; readonly done: string }>> = {
  redrive: { does: 'Redrive', done: 'redriven' },
  drop: { does: 'Drop', done: 'dropped' },
}

/** What an operation was given, as in "code schema-violated, since 2026-11-21T12:00:00Z" */
export function meantText({ named, conditions }: Pick<OperationAnswer, 'named' | 'conditions'>): string {
  if (named > 0) return countText(named, 'letter')
  const texts = Object.entries(conditions).map(([name, value]) => `${name} ${value}`)
  return texts.length > 0 ? texts.join(', ') : 'all that were open'
}

export const STATE_TEXT: Readonly<Record<OperationAnswer['state'], string>> = {
  running: 'running',
  stopped: 'stopped',
  finished: 'finished',
  failed: 'failed',
  interrupted: 'interrupted',
}

/** The class that colours it. */
export const STATE_CLASS: Readonly<Record<OperationAnswer['state'], string>> = {
  running: '',
  stopped: 'warn',
  finished: 'good',
  failed: 'bad',
  interrupted: 'warn',
}
