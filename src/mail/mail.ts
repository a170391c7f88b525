/** One mail to one person. */
export interface Mail {
  /** A bare address, nothing around it: "ada@example.org". */
  to: string;
  /** One line. */
  subject: string;
  text: string;
  /** The same in HTML: a whole document. */
  html: string;
}
