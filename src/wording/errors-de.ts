import type { ErrorCode } from "#src/message/error-code.ts";

/** The closed list of errors in German: a code without its two sentences does not compile. */
export const GERMAN_ERRORS: Readonly<Record<ErrorCode, readonly [meaning: string, remedy: string]>> = {
  CONFIG_INVALID: [
    "Eine Einstellung fehlt oder ist fehlerhaft.",
    "Die Umgebungsvariable oder Datei berichtigen, die der Text nennt.",
  ],
  MASTER_KEY_MISSING: [
    "BOTENSTOFF_MASTER_KEY_FILE ist nicht gesetzt.",
    "Einen machen: `openssl rand -base64 48 > master.key && chmod 600 master.key`.",
  ],
  MASTER_KEY_WRONG: [
    "Der Hauptschlüssel öffnet den Schlüsselbund nicht.",
    "BOTENSTOFF_MASTER_KEY_FILE auf den Schlüssel setzen, mit dem dieser Datenordner angelegt wurde.",
  ],
  KEYRING_MISSING: [
    "Die Datenbank enthält, was unter einem Schlüsselbund versiegelt wurde, der nicht in diesem Datenordner liegt.",
    "Den Datenordner einhängen, mit dem die Datenbank benutzt wurde, oder seinen Schlüsselbund herstellen. Ist er endgültig verloren: mit einer leeren Datenbank beginnen.",
  ],
  DATA_DIR_IN_USE: [
    "Eine andere Engine läuft auf der eingebetteten PostgreSQL dieses Datenordners.",
    "Die andere Engine anhalten, oder DATABASE_URL setzen, damit sich Engines einen Server teilen.",
  ],
  LEDGER_AHEAD: [
    "Die Datenbank enthält Epochen, die laut Löschbuch gelöscht sind.",
    "Eine Sicherung wurde eingespielt: `botenstoff purge --replay-ledger` laufen lassen, dann wieder starten.",
  ],
  ENGINE_UNREACHABLE: [
    "Die Engine antwortet der Kommandozeile nicht.",
    "Prüfen, ob sie läuft und BOTENSTOFF_URL ihre Adresse ist.",
  ],
  ENGINE_REFUSED: [
    "Die Engine hat abgelehnt, worum die Kommandozeile bat.",
    "Den Text daneben lesen; 401 oder 403 heißt: ein anderes BOTENSTOFF_API_TOKEN ist nötig.",
  ],
  STORE_UNAVAILABLE: ["PostgreSQL antwortet nicht.", "PostgreSQL prüfen; alles geht von selbst weiter."],
  STORE_FULL: ["Die Platte ist zu voll, um mehr anzunehmen.", "Auf dem Datenträger des Datenordners Platz schaffen."],
  STORE_NEWER: [
    "Eine neuere Version hat die Datenbank so geändert, dass diese nicht mit ihr arbeiten kann.",
    "Die neuere Version wieder starten, oder die Sicherung von vor der Aktualisierung einspielen (docs/upgrade.md).",
  ],
  WORK_STOPS_ENGINE: [
    "Die Arbeit daran hat die Engine zweimal beendet oder eingefroren, darum wurde sie beiseitegelegt; was danach kommt, geht weiter.",
    "Mit ihrer Kennung melden; noch einmal verarbeiten, wenn die Engine sie verträgt.",
  ],
  WORK_FAILS_EACH_TIME: [
    "Die Arbeit daran, oder ihr Ergebnis festzuhalten, scheiterte jedes Mal an ihrem Inhalt, darum wurde sie beiseitegelegt; was danach kommt, geht weiter.",
    "Mit ihrer Kennung und dem Code melden, den der Text nennt; noch einmal verarbeiten, wenn die Engine sie verträgt. Eine Zustellung kann angekommen sein: zuerst in die Akte sehen.",
  ],
  LEASE_LOST: [
    "Ein anderer Arbeiter hat die Bahn übernommen.",
    "Nichts; der andere tut die Arbeit. Häuft es sich, ist der Rechner überlastet.",
  ],
  SEAL_BROKEN: [
    "Ein versiegelter Wert lässt sich nicht öffnen: falscher Schlüssel oder veränderte Bytes.",
    "Wie Manipulation oder eine beschädigte Platte behandeln; die betroffene Epoche aus einer Sicherung herstellen.",
  ],
  EPOCH_KEY_DESTROYED: [
    "Die Epoche wurde gelöscht; ihren Schlüssel gibt es nicht mehr.",
    "Nichts: so soll das Löschen wirken. Das Zertifikat steht unter /api/v1/purges.",
  ],
  SIGNATURE_INVALID: [
    "Die X-Hub-Signature-256 des Webhooks passt nicht zu seinen Bytes.",
    "WHATSAPP_APP_SECRET mit dem Geheimnis der App vergleichen; alles andere ist ein Fremder.",
  ],
  PAYLOAD_MALFORMED: [
    "Ein echtes Ereignis lässt sich nicht lesen.",
    "Den Inhalt der angehaltenen Nachricht ansehen; melden, wenn Meta sie gesendet hat.",
  ],
  PROVIDER_CHECK_FAILED: [
    "Der Anbieter hat die Prüfung nicht beantwortet, wie er sollte.",
    "400 oder 404: phone_number_id ist keine Nummer dieses Tokens; keine Antwort: graph_url, Proxy und Firewall prüfen.",
  ],
  LOOKUP_UNANSWERED: [
    "Das KIS sagt nicht, wessen Nummer es ist; nach früherem Wissen wird niemand zugeordnet.",
    "Nach dem KIS sehen; was wartet, geht von selbst weiter, und was dafür angehalten wurde, wird wieder eingelassen, sobald es antwortet.",
  ],
  MEDIA_UNAVAILABLE: [
    "Der Anbieter kann den Anhang gerade nicht liefern.",
    "Nichts; es wird wieder gefragt, bis er nach 7 Tagen verfällt.",
  ],
  MEDIA_UNAUTHORIZED: [
    "Der Anbieter lehnt das Zugriffstoken ab.",
    "WHATSAPP_ACCESS_TOKEN erneuern; wartende Anhänge gehen dann von selbst weiter.",
  ],
  MEDIA_GONE: ["Den Anhang gibt es beim Anbieter nicht mehr.", "Den Patienten bitten, ihn noch einmal zu senden."],
  MEDIA_HASH_MISMATCH: [
    "Die geholten Bytes haben nicht den angekündigten SHA-256.",
    "Einmal noch verarbeiten; geschieht es wieder, gilt die Verbindung zu Meta als gestört.",
  ],
  MEDIA_TYPE_LIES: [
    "Die Bytes des Anhangs sind von anderer Art als angekündigt.",
    "Die angehaltene Nachricht ansehen; den Anhang nur in abgeschotteter Umgebung öffnen.",
  ],
  MEDIA_HOST_REFUSED: [
    "Die Adresse des Anhangs zeigt auf einen Rechner, den der Kanal nicht nennt.",
    "Als Angriff behandeln, außer Meta hat einen neuen Medienrechner angekündigt; dann ihn in `media_hosts` aufnehmen.",
  ],
  MEDIA_TOO_LARGE: [
    "Der Anhang ist größer, als der Kanal erlaubt.",
    "`max_attachment_bytes` erhöhen, dann noch einmal verarbeiten.",
  ],
  MEDIA_TYPE_NOT_ALLOWED: [
    "Der Kanal erlaubt diese Art von Anhang nicht.",
    "Die Nachricht freigeben, oder die Art in `attachments.allow` aufnehmen und noch einmal verarbeiten.",
  ],
  MEDIA_INFECTED: [
    "Der Virenscanner hat etwas im Anhang gefunden.",
    "Nicht öffnen; den Absender unterrichten. Nur freigeben, was erwiesen Fehlalarm ist.",
  ],
  MEDIA_NOT_SCANNED: [
    "Der Virenscanner wurde mit dem Anhang nicht fertig: über seinen Grenzen, zu langsam oder gestört.",
    "StreamMaxLength und Fristen von clamd mit `max_attachment_bytes` vergleichen, dann noch einmal verarbeiten.",
  ],
  MEDIA_UNREADABLE: [
    "Der Anhang ist beschädigt, zu groß oder trägt aktive Inhalte.",
    "Die Nachricht ansehen; freigeben oder um neues Senden bitten.",
  ],
  SCANNER_UNAVAILABLE: [
    "Der Virenscanner ist nicht zu erreichen.",
    "Prüfen: clamd und BOTENSTOFF_CLAMD; Anhänge warten ungeprüft und gehen von selbst weiter.",
  ],
  INSPECTOR_UNAVAILABLE: [
    "Der Prozess, der Anhänge liest, lässt sich nicht starten.",
    "Speicher und Prozessgrenzen des Rechners prüfen; Anhänge gehen von selbst weiter.",
  ],
  DESTINATION_UNREACHABLE: [
    "Keine Verbindung zum Ziel.",
    "Rechner, Port und Firewall prüfen; Bahnen gehen von selbst weiter, sobald es antwortet.",
  ],
  DESTINATION_BUSY: ["Das Ziel bittet, später wiederzukommen.", "Nichts, außer es hält an; dann das KIS-Team fragen."],
  DESTINATION_UNTRUSTED: [
    "Ein Zertifikat wird abgelehnt: das des Ziels von uns oder unseres von ihm.",
    "Das genannte Zertifikat erneuern oder berichtigen, oder seine CA nennen (`ca`); Dateien werden von selbst neu gelesen, Bahnen gehen dann weiter.",
  ],
  DESTINATION_REJECTS: [
    "Das Ziel lehnt diese Art von Nachricht überhaupt ab: es ist nicht dafür eingerichtet, oder wir nicht.",
    "MSH-3 bis MSH-6, MSH-9, MSH-11 und MSH-12 mit dem vergleichen, was das KIS-Team eingerichtet hat.",
  ],
  DESTINATION_UNAUTHORIZED: [
    "Das Ziel lehnt unsere Zugangsdaten ab.",
    "Die Zugangsdaten des Kanals erneuern; Bahnen gehen dann von selbst weiter.",
  ],
  DESTINATION_NO_ANSWER: [
    "Die Nachricht wurde gesendet, aber keine passende Antwort kam rechtzeitig.",
    "Nichts; dieselben Bytes werden unter derselben Kennung noch einmal gesendet.",
  ],
  DESTINATION_REFUSED: [
    "Das Ziel hat die Nachricht wegen ihres Inhalts abgelehnt.",
    "Quittung lesen, Abbildung, Kanal oder Stammdaten berichtigen, dann noch einmal verarbeiten.",
  ],
  DESTINATION_TOO_LARGE: [
    "Das Ziel nimmt eine Nachricht dieser Größe nicht, und kleiner ging es nicht.",
    "Das KIS-Team größere Anfragen annehmen lassen (es kann ein Proxy vor dem Server sein), oder `oversize` der Abbildung setzen; dann noch einmal verarbeiten.",
  ],
  DESTINATION_REFUSES_IDS: [
    "Der FHIR-Server lässt seine Clients die Kennungen dessen, was sie anlegen, nicht wählen.",
    "Das KIS-Team „update as create“ erlauben lassen (R4 http.html#upsert), oder `resource_ids: server` am Ziel setzen; dann noch einmal verarbeiten.",
  ],
  SEARCH_UNRELIABLE: [
    "Der FHIR-Server hat den Patienten nach etwas anderem gesucht als gefragt, oder sucht gar nicht.",
    "Das KIS-Team die Suche von Patient nach `identifier` (bei der Suche nach Nummern: `phone` oder `telecom`) einschalten lassen; Bahnen gehen dann von selbst weiter.",
  ],
  PATIENT_NOT_YET_KNOWN: [
    "Das Ziel kennt den Patienten oder Fall noch nicht.",
    "Nichts; es wird wieder versucht, wenn das KIS Zeit hatte, ihn kennenzulernen.",
  ],
  STOPPED_TOO_LONG: [
    "Eine Nachricht hat ihr Gespräch an einem Ziel länger aufgehalten, als `stops_for` erlaubt, während andere durchkamen.",
    "Den Code lesen, den sie nennt, und ihn beheben; dann noch einmal verarbeiten, oder dort überspringen.",
  ],
  PATIENT_WITHDRAWN: [
    "Das KIS hat den Patienten gelöscht, bevor die Nachricht gesendet wurde.",
    "Noch einmal verarbeiten: sie wird neu zugeordnet, oder angehalten, wenn niemand die Nummer trägt.",
  ],
  PATIENT_CHANGED_IN_DOUBT: [
    "Der Patient wurde zusammengeführt, nachdem die Nachricht gesendet wurde oder worden sein kann, und das Ziel kennt die frühere Nummer nicht mehr.",
    "Die Nachricht in beiden Akten suchen (GET /api/v1/rehomings); zeigt sie keine, noch einmal verarbeiten: sie geht an die neue. Sollte sie zurückgezogen werden, muss das KIS-Team sie herausnehmen.",
  ],
  PATIENT_AMBIGUOUS_AT_DESTINATION: [
    "Das Ziel kennt mehrere Patienten mit dieser Kennung.",
    "Das KIS-Team die Dublette auflösen lassen, dann noch einmal verarbeiten.",
  ],
  PATIENTS_CONFLICT: [
    "Eine ADT-Nachricht nennt Kennungen, die verschiedenen Patienten gehören.",
    "Das KIS die Zusammenführung (A40) senden oder die Kennungen berichtigen lassen, dann noch einmal verarbeiten.",
  ],
  CONFIRMATION_MISSING: [
    "Das Ziel hat die Nachricht angenommen, zeigt sie aber noch nicht.",
    "Nichts; es wird wieder gelesen. Hält es an, die Kennungen der Quittung mit dem KIS vergleichen.",
  ],
  CONFIRMATION_OVERDUE: [
    "Das Ziel hat die Nachricht angenommen und länger nicht gezeigt, als `shown_within` erlaubt.",
    "Die Kennungen der Quittung mit dem KIS vergleichen; hat es sie verloren, noch einmal verarbeiten oder senden; zeigt es sie nie, dort überspringen.",
  ],
  CONFIRMATION_MISMATCH: [
    "Was das Ziel hält, weicht in Patient, Größe oder Hash ab.",
    "Zuerst die Akte berichtigen: es kann die des falschen Patienten sein. Dann noch einmal verarbeiten.",
  ],
  MAPPING_FAILED: [
    "Die Abbildung konnte aus dieser Nachricht nichts machen.",
    "Abbildung oder ihre Parameter berichtigen, `botenstoff test` laufen lassen, dann noch einmal verarbeiten.",
  ],
  HL7_MALFORMED: [
    "Der Rahmen enthält keine HL7-v2-Nachricht.",
    "Mit AR beantwortet; den Sender berichtigen. Der Rahmen ist aufgehoben, nichts ist verloren.",
  ],
  HL7_UNSUPPORTED: [
    "Nachrichtentyp, Auslöser oder Version nimmt dieser Kanal nicht.",
    "Mit AR beantwortet; den Sender filtern lassen, oder `unknown_trigger` oder `other_types` auf `acknowledge` setzen.",
  ],
  HL7_FIELD_MISSING: [
    "Ein nötiges HL7-Feld fehlt oder ist nicht zu gebrauchen.",
    "Mit AE und ERR beantwortet, das Segment und Feld nennt; den Sender berichtigen, dann noch einmal senden.",
  ],
  HL7_TOO_MANY: [
    "Eine Nachricht, oder alle über einen Patienten, wiederholen ein Feld, ein Segment oder eine Kennung öfter, als ein Sender Grund dazu hat.",
    "Mit AR oder AE und ERR beantwortet, das Segment und Feld nennt; den Sender berichtigen. Nichts aus der Nachricht wurde übernommen.",
  ],
  HL7_FIELD_UNUSABLE: [
    "Ein HL7-Feld ist da, aber was darin steht, ist nicht zu gebrauchen.",
    "Mit AE und ERR beantwortet, das Segment und Feld nennt; den Sender berichtigen, dann noch einmal senden.",
  ],
  ACCESS_PROVIDER_UNAVAILABLE: [
    "Der Anmeldedienst antwortet nicht.",
    "Wer angemeldet ist, arbeitet weiter, Maschinen ebenso; für alle anderen gibt es Notfallkonten.",
  ],
  ACCESS_SIGN_IN_REFUSED: [
    "Der Anmeldedienst hat die Anmeldung abgelehnt, oder was er sagt, hält nicht.",
    "Noch einmal anmelden. Bleibt es so: issuer, client und secret in config/access.yaml mit denen des Dienstes vergleichen.",
  ],
  SYSLOG_UNAVAILABLE: [
    "Der Syslog-Empfänger nimmt das Journal nicht an.",
    "Die Einstellung journal.syslog in config/access.yaml, den Empfänger und sein Zertifikat prüfen; die Zeilen warten im Journal und folgen von selbst.",
  ],
  ACCESS_LOGOUT_REFUSED: [
    "Eine Anordnung, Sitzungen zu beenden, kommt nicht vom Anmeldedienst oder ist keine.",
    "Issuer und client in config/access.yaml mit denen des Dienstes vergleichen.",
  ],
};
