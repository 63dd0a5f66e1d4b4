/** Follows a page of the documentation in a copy of the project, as a reader would. */
import { existsSync } from 'node:fs'
import { appendFile, mkdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PROJECT } from '@sluice/test-kit/program'
import { listSteps } from '../support/page-steps.ts'
import { copyProject } from '../support/project-copy.ts'

/** Copy of the project to which all code of a page is added. */
export class Tutorial {
  readonly folder: string
  /** Files that the page shows, in order of appearance. */
  readonly files: readonly string[]

  private constructor(folder: string, files: readonly string[]) {
    this.folder = folder
    this.files = files
  }

  static async follow(page: string): Promise<Tutorial> {
    const steps = listSteps(page, await readFile(join(PROJECT, page), 'utf8'))
    const files = steps.filter(step => step.kind === 'file')
    if (files.length === 0) throw new Error(`${page} has no code that names its file`)
    const folder = await copyProject('tutorial')
    for (const { file, text } of files) await write(join(folder, file), text)
    return new Tutorial(
      folder,
      files.map(({ file }) => file),
    )
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Writes code to a file. Code for an existing file is appended. */
async function write(path: string, code: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await appendFile(path, existsSync(path) ? `\n${code}` : code)
}
