/** The result of a mutation run. `survivors.json` lists the mutants that no test can notice, each with the reason. */
import { readFile } from 'node:fs/promises'
import { UserError } from '../../programs/user-error.ts'
import { type Judged, keyOf, type Mutant } from './mutant.ts'

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

/** The mutants that survived, and the counts. Good if each of them is known. */
export function summaryOf(
  judged: readonly Judged[],
  known: ReadonlyMap<string, Survivor>,
): { readonly lines: readonly string[]; readonly isGood: boolean } {
  const {
    survived = [],
    'not-covered': uncovered = [],
    'timed-out': timedOut = [],
    killed = [],
  } = Object.groupBy(judged, ({ verdict }) => verdict)
  const found = [...survived, ...uncovered].filter(({ mutant }) => !known.has(keyOf(mutant)))
  const wrong = [...killed, ...timedOut].filter(({ mutant }) => known.has(keyOf(mutant)))
  const equivalent = survived.length + uncovered.length - found.length
  return {
    isGood: found.length === 0,
    lines: [
      ...found.flatMap(({ mutant, verdict }) => [
        `${mutant.file}:${mutant.line}  ${verdict}`,
        `    - ${mutant.before}`,
        `    + ${mutant.after}`,
      ]),
      ...wrong.map(
        ({ mutant }) => `${mutant.file}:${mutant.line}  is listed in survivors.json, but was killed`,
      ),
      `${judged.length} mutants: ${killed.length} killed, ${timedOut.length} timed out, ${found.length} survived ` +
        `(${found.filter(({ verdict }) => verdict === 'not-covered').length} in code that no test executes), ` +
        `${equivalent} known`,
    ],
  }
}
