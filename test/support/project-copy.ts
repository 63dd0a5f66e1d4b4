import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROJECT } from './program.ts'

/** A copy of the project in a temporary folder: what is under version control, and what is about to be. The packages are shared. */
export async function copyProject(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `sluice-${name}-`))
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: PROJECT,
    encoding: 'utf8',
  })
  // A file that was just deleted is still listed.
  const files = listed.split('\0').filter(file => file !== '' && existsSync(join(PROJECT, file)))
  for (const file of files) await cp(join(PROJECT, file), join(folder, file))
  await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'))
  return folder
}
