/** Counts the lines of each house, so that a change of their sums is seen. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT } from '../../../scripts/paths.ts'
import { type Check, Failed } from '../check.ts'
import { sourceFiles } from '../source-files.ts'

const COUNTED = '*.{ts,tsx,lua,css,mjs,cjs}'

interface Lines {
  product: number
  tests: number
}

export const weight: Check = {
  name: 'lines of the three houses',
  async run() {
    const houses = [...(await countLines())]
    for (const [house, { product, tests }] of houses)
      if (product === 0 || tests === 0)
        throw new Failed(`the product or the tests of the house ${house} were not found`)
    return houses.map(([house, { product, tests }]) => `${house} ${product} + ${tests}`).join(', ')
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
  return /^packages\/(msk-trigger|local-servers|kafka-records|schema-registry|test-kit|packaging)\//.test(
    file,
  )
    ? 'trigger'
    : 'sluice'
}

function isTest(file: string): boolean {
  return /^(test|bench|examples)\/|^packages\/([^/]+\/test|test-kit)\//.test(file)
}
