/** Dead letters that are named one by one. Pure. */
import type { FoundDeadLetter } from '../../queries/dead-letters.ts'

export type DeadLetterName = { readonly id: string } | { readonly partition: number; readonly offset: number }

/** @param at PARTITION@OFFSET in the dlq topic, or the id of the dead letter */
export function nameIn(at: string): DeadLetterName {
  const [, partition, offset] = /^(\d{1,9})@(\d{1,15})$/.exec(at) ?? []
  return partition === undefined ? { id: at } : { partition: Number(partition), offset: Number(offset) }
}

/** The places of dead letters that are all named by them; undefined if none is named, or one by its id. */
export function placesIn(ats: readonly string[]) {
  const names = ats.map(nameIn).filter(name => 'offset' in name)
  return ats.length > 0 && names.length === ats.length ? names : undefined
}

/** Which of some names have been met. */
export class Names {
  readonly #missing: Set<string>
  readonly #all: ReadonlySet<string>

  constructor(all: readonly string[]) {
    this.#all = new Set(all)
    this.#missing = new Set(all)
  }

  has({ id, partition, offset }: Pick<FoundDeadLetter, 'partition' | 'offset'> & { id?: string }): boolean {
    const names = [`${partition}@${offset}`, ...(id === undefined ? [] : [id])]
    const met = names.filter(name => this.#all.has(name))
    for (const name of met) this.#missing.delete(name)
    return met.length > 0
  }

  get missing(): readonly string[] {
    return [...this.#missing]
  }
}
