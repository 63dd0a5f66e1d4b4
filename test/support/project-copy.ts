import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROJECT } from '@sluice/test-kit/program'
import pMap from 'p-map'

const AT_ONCE = 32
const TOOLS = 'test/tools/node_modules'

/**
 * Copies the project to a temporary folder: all files that are under version control or not ignored. Installed packages are shared
 * with the original.
 */
export async function copyProject(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `sluice-${name}-`))
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: PROJECT,
    encoding: 'utf8',
  })
  // Git may still list files that were just deleted.
  const files = listed.split('\0').filter(file => file !== '' && existsSync(join(PROJECT, file)))
  await pMap(files, file => cp(join(PROJECT, file), join(folder, file)), { concurrency: AT_ONCE })
  await linkPackages(join(PROJECT, 'node_modules'), join(folder, 'node_modules'))
  await symlink(join(PROJECT, TOOLS), join(folder, TOOLS))
  return folder
}

/**
 * Folder with links to the workspaces, which are part of the copy. The links are relative, so copied links refer to the copied
 * workspaces.
 */
const WORKSPACES = '@sluice'

async function linkPackages(from: string, to: string): Promise<void> {
  await mkdir(to)
  const others = (await readdir(from)).filter(name => name !== WORKSPACES)
  await pMap(others, name => symlink(join(from, name), join(to, name)), { concurrency: AT_ONCE })
  await cp(join(from, WORKSPACES), join(to, WORKSPACES), { recursive: true, verbatimSymlinks: true })
}
