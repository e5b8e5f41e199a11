// Sends letters through nodemailer's pool and prints the seconds that took:
// node nodemailer.cjs PORT LETTERS CONNECTIONS compose|raw
const fs = require("node:fs");
const nodemailer = require("nodemailer");

const [port, letters, connections, kind] = process.argv.slice(2);
const content = JSON.parse(fs.readFileSync("content.json", "utf8"));
const raw = Buffer.from(content.raw, "latin1");
const pool = nodemailer.createTransport({
  pool: true,
  host: "127.0.0.1",
  port: Number(port),
  secure: false,
  ignoreTLS: true,
  maxConnections: Number(connections),
  maxMessages: Infinity,
});

function letter(number) {
  const envelope = { from: "paperround@example.org", to: `reader${number}@example.org` };
  if (kind === "raw") return { envelope, raw };
  const { text, html } = content;
  return { ...envelope, envelope, subject: `Letter ${number}`, text, html };
}

const began = process.hrtime.bigint();
Promise.all(Array.from({ length: Number(letters) }, (_, n) => pool.sendMail(letter(n)))).then(() => {
  console.log(Number(process.hrtime.bigint() - began) / 1e9);
  pool.close();
});
