/** A file of the repository. */
export interface FileEntry {
  /** Relative to the repository's root, with `/`. */
  path: string
  /** Id of the content: equal ids, equal bytes. Git's blob id where there is one. */
  id: string
  /** Whether its mode says that it can be executed. */
  executable?: boolean
}

/**
 * The files of a repository at one commit, or of a working tree. Definitions are read through this, so that checking
 * them is the same on every origin.
 */
export interface Files {
  /** Every regular file below `folder` (''. is the root), sorted by path; empty when there is no such folder. Symbolic links and submodules are left out. */
  list(folder: string): Promise<FileEntry[]>
  /** The content; null when there is no such file. Reads at most `maxBytes` + 1 bytes where that saves work. */
  read(path: string, maxBytes?: number): Promise<Uint8Array | null>
}
