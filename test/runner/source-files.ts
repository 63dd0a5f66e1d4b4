import { glob } from 'node:fs/promises'
import { PROJECT } from '../support/program.ts'

/** Folders that are not source: installed, downloaded or built. */
const FOREIGN = /(^|\/)(node_modules|\.local|\.serverless|\.esbuild|\.git|coverage|dist)(\/|$)/

/** The project's own files that match, as paths relative to it, sorted. */
export async function sourceFiles(...patterns: string[]): Promise<string[]> {
  const found: string[] = []
  for await (const file of glob(patterns, { cwd: PROJECT, exclude: path => FOREIGN.test(path) }))
    found.push(file)
  return found.sort()
}
