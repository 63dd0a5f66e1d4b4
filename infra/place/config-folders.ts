/** Folders of configuration files: their paths at run time, and the files that are packaged. Pure. */
import { isAbsolute, posix, relative, resolve, sep } from 'node:path'
import { array, type GenericSchema, type InferOutput, object, string } from 'valibot'
import { type Environment, listSettings } from '#runtime/settings'
import { FAILURES } from '../../lib/app/settings/failures.ts'
import { INPUTS } from '../../lib/app/settings/inputs.ts'
import { NOTIFICATIONS } from '../../lib/app/settings/notifications.ts'
import { RULES } from '../../lib/app/settings/rules.ts'
import { VIEWS } from '../../lib/app/settings/views.ts'

const FOLDER = object({
  /** Path at run time. */
  path: string(),
  /** Glob patterns of the files that are packaged. */
  patterns: array(string()) as GenericSchema<readonly string[]>,
})

export const FOLDERS = object({
  rules: FOLDER,
  notifications: FOLDER,
  failures: FOLDER,
  mappings: FOLDER,
  /** A file, whose path is in `path`. */
  inputs: FOLDER,
  views: FOLDER,
})

type Folder = InferOutput<typeof FOLDER>
type Folders = InferOutput<typeof FOLDERS>
export type FolderName = keyof Folders

interface Edited {
  /** Setting of the folder. */
  readonly variable: Extract<keyof typeof SETTINGS, `${string}_DIR` | 'INPUTS_FILE'>
  readonly content: string
  /** Files that are packaged, by default the YAML files. */
  readonly files?: readonly string[]
  /** True if the path is that of a file. Schemas in a folder beside it are packaged with it. */
  readonly isFile?: true
}

const SETTINGS = listSettings([RULES, NOTIFICATIONS, FAILURES, INPUTS, VIEWS])

const EDITED: Readonly<Record<FolderName, Edited>> = {
  rules: { variable: 'RULES_DIR', content: 'rules' },
  notifications: { variable: 'NOTIFICATIONS_DIR', content: 'its files' },
  failures: { variable: 'FAILURES_DIR', content: 'its files' },
  mappings: { variable: 'MAPPINGS_DIR', content: 'its files' },
  inputs: { variable: 'INPUTS_FILE', content: 'it', isFile: true },
  views: { variable: 'VIEWS_DIR', content: 'its files', files: ['plan.json'] },
}

/** Default folders. */
export const USUAL_FOLDERS = mapFolders(edited => buildFolder(usualPath(edited), edited))

/** Returns the folders as they are packaged for a deployment, and one error for each folder that cannot be packaged. */
export function packFolders(
  read: (variable: Edited['variable']) => string | undefined,
  project: string,
): { readonly folders: Folders; readonly problems: readonly string[] } {
  const problems: string[] = []
  const folders = mapFolders(edited => {
    const { variable, content } = edited
    const path = toPackagePath(read(variable) ?? '', project)
    if (path === undefined)
      problems.push(`${variable}: must be inside the project, from where ${content} are packed.`)
    return buildFolder(path ?? usualPath(edited), edited)
  })
  return { folders, problems }
}

/** Returns the folders on this machine. `serverless offline` and `serverless invoke local` use them directly, without packaging. */
export function resolveFolders(environment: Environment, project: string): Folders {
  return mapFolders(edited => {
    const usual = usualPath(edited)
    const path = environment[edited.variable]?.trim() || usual
    return {
      path: resolve(project, path),
      patterns: buildFolder(toPackagePath(path, project) ?? usual, edited).patterns,
    }
  })
}

/** Returns the environment variable that passes the path of a folder to functions. */
export function toFolderVariable(name: FolderName, folders: Folders): Readonly<Record<string, string>> {
  return { [EDITED[name].variable]: folders[name].path }
}

function usualPath({ variable }: Edited): string {
  return SETTINGS[variable].default ?? ''
}

function buildFolder(
  path: string,
  { files = ['*.yaml', '*.yml'], isFile }: Pick<Edited, 'files' | 'isFile'>,
): Folder {
  if (isFile) return { path, patterns: [path, `${path.replace(/\.ya?ml$/, '')}/*.json`] }
  return { path, patterns: files.map(file => `${path}/${file}`) }
}

function mapFolders(make: (edited: Edited) => Folder): Folders {
  const entries = Object.entries(EDITED).map(([name, edited]) => [name, make(edited)])
  return Object.fromEntries(entries)
}

/** Returns the path of a folder within the project, with slashes; undefined for a folder outside the project. */
function toPackagePath(path: string, project: string): string | undefined {
  const within = relative(project, resolve(project, path))
  const isOutside = within === '' || within === '..' || within.startsWith(`..${sep}`) || isAbsolute(within)
  return isOutside ? undefined : within.replaceAll(sep, posix.sep)
}
