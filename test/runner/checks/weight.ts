/** Holds a bound on the lines of each house, so that growth is a decision. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { PROJECT } from '../../../scripts/paths.ts'
import { type Check, Failed } from '../check.ts'
import { sourceFiles } from '../source-files.ts'

const BOUNDS = 'test/runner/checks/weight.yaml'
const COUNTED = '*.{ts,tsx,lua,css,mjs,cjs}'

interface Lines {
  product: number
  tests: number
}

export const weight: Check = {
  name: 'lines of the three houses',
  async run() {
    const bounds = load(await readFile(join(PROJECT, BOUNDS), 'utf8')) as Readonly<Record<string, Lines>>
    const found = await countLines()
    const wrong: string[] = []
    for (const [house, lines] of found)
      for (const part of ['product', 'tests'] as const) {
        const bound = bounds[house]?.[part] ?? 0
        if (lines[part] === 0) throw new Failed(`the ${part} of the house ${house} were not found`)
        if (lines[part] > bound)
          wrong.push(`${house} has ${lines[part]} lines of ${part}, and its bound is ${bound}`)
      }
    if (wrong.length > 0)
      throw new Failed(
        `${wrong.join('\n')}\nTake an ability away, or change ${BOUNDS} in a commit that says which came and which went.`,
      )
    return [...found].map(([house, { product, tests }]) => `${house} ${product} + ${tests}`).join(', ')
  },
}

/** Returns the lines of each house. */
async function countLines(): Promise<Map<string, Lines>> {
  const houses = new Map<string, Lines>(
    ['engine', 'trigger', 'sluice'].map(house => [house, { product: 0, tests: 0 }]),
  )
  for (const file of await sourceFiles(`*/**/${COUNTED}`)) {
    const text = await readFile(join(PROJECT, file), 'utf8')
    const house = houses.get(findHouse(file)) as Lines
    house[isTest(file) ? 'tests' : 'product'] += text.split('\n').length - 1
  }
  return houses
}

function findHouse(file: string): 'engine' | 'trigger' | 'sluice' {
  if (file.startsWith('packages/runtime/')) return 'engine'
  return /^packages\/(msk-trigger|local-servers|kafka-records|schema-registry)\//.test(file)
    ? 'trigger'
    : 'sluice'
}

function isTest(file: string): boolean {
  return /^(test|bench|examples)\/|^packages\/([^/]+\/test|local-servers\/testing)\//.test(file)
}
