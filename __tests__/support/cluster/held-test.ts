import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A smoke test that ends only when the test lets it, so that other things can happen meanwhile. */
export interface HeldTest {
  /** For the input `smoke-tests`. */
  readonly line: string
  readonly letGo: () => void
}

/** @param exitCode how it ends */
export function holdTest(exitCode = 0): HeldTest {
  const file = join(mkdtempSync(join(tmpdir(), 'held-')), 'let-go')
  return {
    line: `run: until [ -e ${file} ]; do sleep 0.1; done; exit ${exitCode}`,
    letGo() {
      writeFileSync(file, '')
    }
  }
}
