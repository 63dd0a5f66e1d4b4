/** Follows a page of the documentation in a copy of the project, as its reader would. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PROJECT } from './program.ts'
import { copyProject } from './project-copy.ts'

/** A block of code of the page, and the file that it belongs to. */
interface Snippet {
  readonly file: string
  readonly code: string
}

/** Where what belongs into a file that is there already goes: behind this line. */
const PLACES: Readonly<Record<string, string>> = {
  'serverless.yml': 'functions:\n',
  'infra/deployment.cjs': 'const FUNCTIONS = {\n',
}

/** A copy of the project with all that a page says to write. */
export class Tutorial {
  readonly folder: string
  /** The files that the page names, in its order. */
  readonly files: readonly string[]

  private constructor(folder: string, files: readonly string[]) {
    this.folder = folder
    this.files = files
  }

  static async follow(page: string): Promise<Tutorial> {
    const snippets = snippetsOf(await readFile(join(PROJECT, page), 'utf8'))
    if (snippets.length === 0) throw new Error(`${page} has no code that names its file`)
    const folder = await copyProject('tutorial')
    for (const { file, code } of snippets) await write(join(folder, file), PLACES[file], code)
    return new Tutorial(
      folder,
      snippets.map(({ file }) => file),
    )
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Blocks that say after the language which file they are of. */
function snippetsOf(page: string): Snippet[] {
  return [...page.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)].map(([, file = '', code = '']) => ({
    file,
    code,
  }))
}

async function write(path: string, behind: string | undefined, code: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  if (behind === undefined) return writeFile(path, code)
  const present = await readFile(path, 'utf8')
  const at = present.indexOf(behind) + behind.length
  if (at < behind.length) throw new Error(`${path} has no line ${behind}`)
  await writeFile(path, `${present.slice(0, at)}${code}\n${present.slice(at)}`)
}
