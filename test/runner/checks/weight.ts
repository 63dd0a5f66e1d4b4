/** Holds a bound on the lines of each room, so that growth is a decision. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { PROJECT } from '../../../scripts/paths.ts'
import { type Check, Failed } from '../check.ts'
import { sourceFiles } from '../source-files.ts'

const BOUNDS = 'test/runner/checks/weight.yaml'
const COUNTED = '*.{ts,tsx,lua,css,mjs,cjs}'
/** A room that has less than this part of its bound has one that says nothing. */
const LEAST_PART = 0.9
/** Lines that all new rooms, which have no bound yet, may have together: those of a first process of a user. */
const NEW_LINES = 400

export const weight: Check = {
  name: 'lines of each room',
  async run() {
    const bounds = load(await readFile(join(PROJECT, BOUNDS), 'utf8')) as Readonly<Record<string, number>>
    const found = await countLines()
    const wrong = Object.entries(bounds).flatMap(([room, bound]) =>
      judgeRoom(room, found.get(room) ?? 0, bound),
    )
    const added = [...found].filter(([room]) => !(room in bounds))
    const lines = added.reduce((sum, [, own]) => sum + own, 0)
    if (lines > NEW_LINES)
      wrong.push(`${added.map(([room]) => room).join(', ')} have ${lines} lines, and no bound`)
    if (found.size === 0) throw new Failed('no source code was found')
    if (wrong.length > 0)
      throw new Failed(`${wrong.join('\n')}\nChange the bound in ${BOUNDS}, and say why in the commit.`)
    return `${found.size} rooms`
  },
}

function judgeRoom(room: string, lines: number, bound: number): string[] {
  if (lines > bound) return [`${room} has ${lines} lines, and its bound is ${bound}`]
  return lines < bound * LEAST_PART ? [`${room} has only ${lines} lines: lower its bound of ${bound}`] : []
}

/** Returns the number of lines of each room. */
async function countLines(): Promise<Map<string, number>> {
  const lines = new Map<string, number>()
  for (const file of await sourceFiles(`*/**/${COUNTED}`)) {
    const text = await readFile(join(PROJECT, file), 'utf8')
    const room = findRoom(file)
    lines.set(room, (lines.get(room) ?? 0) + text.split('\n').length - 1)
  }
  return lines
}

/** Returns the room of a file: a folder of lib, packages, tests or examples, or else its first folder. */
function findRoom(file: string): string {
  const [top = '', second = '', third = ''] = file.split('/')
  if (top === 'packages' && third === 'test') return `${top}/${second}/test`
  if (top === 'test' && second === 'unit') return `${top}/${second}/${third}`
  return /^(lib|packages|test|examples)$/.test(top) && !second.includes('.') ? `${top}/${second}` : top
}
