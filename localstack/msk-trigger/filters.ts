import type { Message } from './event.ts'

/** One of the patterns of `filterPatterns`. Rule 37. */
export interface Filter {
  matches(value: Buffer | null): boolean
}

/** Whether a record is delivered: filters are ORed, and none at all admits every record. Rules 37 to 40. */
export function admits(filters: readonly Filter[], message: Pick<Message, 'value'>): boolean {
  return filters.length === 0 || filters.some(filter => filter.matches(message.value))
}
