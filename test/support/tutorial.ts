/** Follows a page of the documentation in a copy of the project, as a reader would. */
import { existsSync } from 'node:fs'
import { appendFile, mkdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PROJECT } from '#local-servers/testing/program.ts'
import { copyProject } from './project-copy.ts'

/** Code block of the page that belongs to a file. */
interface Snippet {
  readonly file: string
  readonly code: string
}

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
    const snippets = listSnippets(await readFile(join(PROJECT, page), 'utf8'))
    if (snippets.length === 0) throw new Error(`${page} has no code that names its file`)
    const folder = await copyProject('tutorial')
    for (const { file, code } of snippets) await write(join(folder, file), code)
    return new Tutorial(
      folder,
      snippets.map(({ file }) => file),
    )
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Returns the code blocks that have a file name after the language. */
function listSnippets(page: string): Snippet[] {
  return [...page.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)].map(([, file = '', code = '']) => ({
    file,
    code,
  }))
}

/** Writes code to a file. Code for an existing file is appended. */
async function write(path: string, code: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await appendFile(path, existsSync(path) ? `\n${code}` : code)
}
