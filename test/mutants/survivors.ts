/** The known survivors: `survivors.json` lists each mutant with the reason why no test can, or need, notice it. */
import { readFile } from 'node:fs/promises'
import { UserError } from '../../programs/user-error.ts'
import { keyOf, type Mutant } from './mutant.ts'

export interface Survivor extends Pick<Mutant, 'file' | 'before' | 'after'> {
  readonly reason: string
}

/** @throws UserError if an entry is incomplete, above all without a reason, or duplicated */
export async function readSurvivors(path: string): Promise<ReadonlyMap<string, Survivor>> {
  const entries: unknown = JSON.parse(await readFile(path, 'utf8'))
  if (!Array.isArray(entries)) throw new UserError(`${path}: it must be a list of mutants.`)
  const survivors = new Map<string, Survivor>()
  for (const [index, entry] of entries.entries()) {
    const wrong = ['file', 'before', 'after', 'reason'].find(
      name => typeof entry?.[name] !== 'string' || entry[name].trim() === '',
    )
    // `after` is empty for a mutant that removes its whole line.
    if (wrong !== undefined && !(wrong === 'after' && entry.after === ''))
      throw new UserError(`${path}: entry ${index + 1} has no "${wrong}".`)
    const key = keyOf(entry)
    if (survivors.has(key)) throw new UserError(`${path}: entry ${index + 1} is there twice.`)
    survivors.set(key, entry)
  }
  return survivors
}
