import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

// Plain JavaScript: the bootstrap needs it before anything is installed, on a Node that runs no TypeScript.

/**
 * Does `work` while this process alone holds the lock file; waits for another that holds it.
 * The lock of a process that has ended without giving it back is taken over.
 *
 * @template T
 * @param {string} file where the lock lies; its folder is made
 * @param {() => Promise<T>} work
 * @param {{ signal?: AbortSignal, onWait?: (holder: number) => void }} [options] `onWait` is told once whom it waits for
 * @returns {Promise<T>}
 */
export async function withInstallLock(file, work, { signal, onWait } = {}) {
  mkdirSync(dirname(file), { recursive: true })
  const mine = `${process.pid} ${randomUUID()}`
  let told = false
  while (!createAlone(file, mine)) {
    signal?.throwIfAborted()
    const holder = read(file)
    if (holder !== undefined && !alive(pidOf(holder))) breakLock(file, holder)
    else {
      if (holder !== undefined && !told) onWait?.(pidOf(holder))
      told = true
      await pause(200, undefined, { signal })
    }
  }
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}

/**
 * Removes the lock of a dead holder. Of several that found it dead, only the one that created the second file may
 * remove the first, and only after it has seen the dead holder in it once more: so none removes a new holder's lock.
 */
function breakLock(file, holder) {
  const breaking = `${file}.broken`
  const left = read(breaking)
  if (left !== undefined && !alive(pidOf(left))) {
    throw new Error(`An install was cut off twice. Remove ${breaking} and ${file}, then start again.`)
  }
  if (!createAlone(breaking, `${process.pid}`)) return
  try {
    if (read(file) === holder) rmSync(file)
  } finally {
    rmSync(breaking, { force: true })
  }
}

function createAlone(file, content) {
  try {
    writeFileSync(file, content, { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

/** The holder, or undefined where there is none, or one that has not written its number yet. */
function read(file) {
  try {
    return readFileSync(file, 'utf8') || undefined
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function pidOf(holder) {
  return Number.parseInt(holder, 10)
}

function alive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
