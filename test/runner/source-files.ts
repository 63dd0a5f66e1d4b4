import { glob } from 'node:fs/promises'
import { PROJECT } from '../support/program.ts'

/** Folders that are not source: installed, downloaded or built. */
const FOREIGN = /(^|\/)(node_modules|\.local|\.serverless|\.esbuild|\.git|coverage|dist)(\/|$)/

/** Returns the project's files that match, as sorted relative paths. */
export async function sourceFiles(...patterns: string[]): Promise<string[]> {
  const found: string[] = []
  for await (const file of glob(patterns, { cwd: PROJECT, exclude: path => FOREIGN.test(path) }))
    found.push(file)
  return found.sort()
}
