import { glob } from 'node:fs/promises'
import { PROJECT } from '@sluice/test-kit/program'

/** Folders that contain no source code, but installed, downloaded or built files, and files that a test writes beside serverless.yml. */
const FOREIGN = /(^|\/)(node_modules|\.local|\.serverless|\.git|coverage|dist)(\/|$)|^serverless\..+\.yml$/

/** Folders of the product's code. */
export const CODE_FOLDERS = [
  'packages',
  'lib',
  'control',
  'functions',
  'scripts',
  'console',
  'cli',
  'localstack',
  'infra',
]

/** Returns the project's files that match any of the patterns, as sorted relative paths. */
export async function sourceFiles(...patterns: string[]): Promise<string[]> {
  const found: string[] = []
  for await (const file of glob(patterns, { cwd: PROJECT, exclude: path => FOREIGN.test(path) }))
    found.push(file)
  return found.sort()
}
