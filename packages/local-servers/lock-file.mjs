import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

// Plain JavaScript, because the bootstrap uses it before anything is installed, on a Node that may not run TypeScript.

/**
 * Runs `work` while this process holds the lock file, and waits while another process holds it. The lock of a process that has
 * ended without releasing it is taken over.
 *
 * @template T
 * @param {string} file path of the lock file; its folder is created
 * @param {() => Promise<T>} work
 * @param {{ signal?: AbortSignal, onWait?: (holder: number) => void }} [options] `onWait` is called once with the id of the process
 * that holds the lock
 * @returns {Promise<T>}
 */
export async function withLockFile(file, work, { signal, onWait } = {}) {
  mkdirSync(dirname(file), { recursive: true })
  const own = `${process.pid} ${randomUUID()}`
  let isReported = false
  while (!createExclusively(file, own)) {
    signal?.throwIfAborted()
    const holder = read(file)
    if (holder !== undefined && !alive(readPid(holder))) breakLock(file, holder)
    else {
      if (holder !== undefined && !isReported) onWait?.(readPid(holder))
      isReported = true
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
 * Removes the lock of a dead holder. Several processes may find such a lock. Only the process that creates a second file may remove
 * the lock, and only after reading from the lock again that its holder is dead. Thus, no process removes the lock of a new holder.
 */
function breakLock(file, holder) {
  const breaking = `${file}.broken`
  const left = read(breaking)
  if (left !== undefined && !alive(readPid(left))) {
    throw new Error(`The lock file ${file} is stale. Remove it and ${breaking}, then try again.`)
  }
  if (!createExclusively(breaking, `${process.pid}`)) return
  try {
    if (read(file) === holder) rmSync(file)
  } finally {
    rmSync(breaking, { force: true })
  }
}

function createExclusively(file, content) {
  try {
    writeFileSync(file, content, { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

/** Returns the process id of the holder; undefined if there is no lock file or if it does not contain a process id yet. */
function read(file) {
  try {
    return readFileSync(file, 'utf8') || undefined
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function readPid(holder) {
  return Number.parseInt(holder, 10)
}

/**
 * Returns true if a process with this id is running, even if it belongs to another user.
 *
 * @param {number} pid
 */
export function alive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
