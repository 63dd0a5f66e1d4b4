import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Runs a command until it ends. @throws Error with its output if it fails */
export async function runCommand(
  command: string,
  args: readonly string[],
  { cwd, signal }: { readonly cwd: string; readonly signal: AbortSignal },
): Promise<void> {
  const child = spawn(command, [...args], { cwd, signal, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', text => {
      output += text
    })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${output}`)
}
