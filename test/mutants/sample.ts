/** Draws passages of the code by a seed, so that a run before a change and one after it try the same mutants. */
import { createHash } from 'node:crypto'

/** Lines of a passage. A mutant belongs to the sample if it is within the drawn passages. */
const LINES = 8

/** Passages of a file that follow each other. Lines are counted from 1; the last one is included. */
export interface Passage {
  readonly file: string
  readonly first: number
  readonly last: number
}

/** The rank of each passage depends on its place only, so the sample of one folder is a part of that of the whole. */
export function drawPassages(
  sources: ReadonlyMap<string, string>,
  count: number,
  seed: number,
): readonly Passage[] {
  const all = [...sources].flatMap(([file, text]) =>
    Array.from({ length: Math.ceil(text.trimEnd().split('\n').length / LINES) }, (_, index) => ({
      file,
      index,
      rank: createHash('sha256').update(`${seed} ${index} ${file}`).digest('hex'),
    })),
  )
  const drawn = all.sort((a, b) => (a.rank < b.rank ? -1 : 1)).slice(0, count)
  drawn.sort((a, b) => (a.file === b.file ? a.index - b.index : a.file < b.file ? -1 : 1))
  const passages: { file: string; first: number; last: number }[] = []
  for (const { file, index } of drawn) {
    const [first, last] = [index * LINES + 1, (index + 1) * LINES]
    const latest = passages.at(-1)
    if (latest?.file === file && latest.last === first - 1) latest.last = last
    else passages.push({ file, first, last })
  }
  return passages
}
