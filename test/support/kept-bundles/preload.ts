// Loaded into every program that a test starts with `keptBundles`, and does something in those alone that bundle functions.
import { isMainThread } from 'node:worker_threads'

const [, program = '', command = ''] = process.argv

if (
  isMainThread &&
  /\bserverless(\.js)?$/.test(program) &&
  ['offline', 'package', 'invoke'].includes(command)
) {
  const { keepBundles } = await import('./bundler.ts')
  const { KEPT_IN } = await import('./variables.ts')
  keepBundles(KEPT_IN, process.cwd())
}
