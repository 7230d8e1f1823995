#include "archive/columns.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "model/quantity.h"
#include "sheet/clean.h"

#define CHOICES(list)     .choices = (list), .choice_count = sizeof(list) / sizeof(list)[0]
#define TITLE(zh, en, de) .title = {zh, en, de}
#define NOTE(zh, en, de)  .note = {zh, en, de}
#define TEXT(n)           .kind = HENG_ARCHIVE_TEXT, .most = (n)-1
#define KEY(n)            .kind = HENG_ARCHIVE_KEY, .most = (n)-1
#define WHOLE(l, h)       .kind = HENG_ARCHIVE_WHOLE, .low = (l), .high = (h)
#define NEEDED            .required = true

static const struct heng_archive_choice yes_no[] = {{"yes", {"是", "yes", "ja"}}, {"no", {"否", "no", "nein"}}};

static const struct heng_archive_choice media[] = {
    {"heat", {"热量", "heat", "Wärme"}},
    {"electricity", {"电", "electricity", "Strom"}},
    {"water", {"水", "water", "Wasser"}},
    {"cold water", {"冷水", "cold water", "Kaltwasser"}},
    {"hot water", {"热水", "hot water", "Heißwasser"}},
    {"warm water", {"生活热水", "warm water", "Warmwasser"}},
    {"drinking water", {"直饮水", "drinking water", "Trinkwasser"}},
    {"reclaimed water", {"中水", "reclaimed water", "Brauchwasser"}},
    {"waste water", {"污水", "waste water", "Abwasser"}},
    {"gas", {"燃气", "gas", "Gas"}},
    {"heat (inlet)", {"热量(进水端)", "heat (inlet)", "Wärme (Vorlauf)"}},
    {"heat/cooling", {"冷热量", "heat/cooling", "Wärme/Kälte"}},
    {"cooling", {"冷量", "cooling", "Kälte"}},
    {"cooling (inlet)", {"冷量(进水端)", "cooling (inlet)", "Kälte (Vorlauf)"}},
    {"cooling (outlet)", {"冷量(回水端)", "cooling (outlet)", "Kälte (Rücklauf)"}},
    {"steam", {"蒸汽", "steam", "Dampf"}},
    {"heat cost allocator", {"热分配表", "heat cost allocator", "Heizkostenverteiler"}},
    {"compressed air", {"压缩空气", "compressed air", "Druckluft"}},
    {"oil", {"油", "oil", "Öl"}},
    {"irrigation water", {"灌溉水", "irrigation water", "Gartenwasser"}},
    {"dual water", {"双路水", "dual water", "Dual-Wasser"}},
    {"room sensor", {"室温", "room sensor", "Raumfühler"}},
    {"pressure", {"压力", "pressure", "Druck"}},
    {"other", {"其他", "other", "sonstiges"}},
    {"unknown", {"未知", "unknown", "unbekannt"}},
};

static const struct heng_archive_choice protocols[] = {
    {"mbus", {"M-Bus", "M-Bus", "M-Bus"}},
    {"cjt188", {"CJ/T 188", "CJ/T 188", "CJ/T 188"}},
    {"dlt645-2007", {"DL/T 645-2007", "DL/T 645-2007", "DL/T 645-2007"}},
    {"dlt645-1997", {"DL/T 645-1997", "DL/T 645-1997", "DL/T 645-1997"}},
    {"modbus-rtu", {"Modbus RTU", "Modbus RTU", "Modbus RTU"}},
    {"modbus-tcp", {"Modbus TCP", "Modbus TCP", "Modbus TCP"}},
};

static const struct heng_archive_choice place_kinds[] = {
    {"area", {"小区", "area", "Gebiet"}},
    {"building", {"楼栋", "building", "Gebäude"}},
    {"unit", {"单元", "unit", "Aufgang"}},
    {"floor", {"楼层", "floor", "Stockwerk"}},
    {"household", {"住户", "household", "Wohnung"}},
    {"shop", {"商铺", "shop", "Laden"}},
    {"room", {"房间", "room", "Raum"}},
    {"station", {"热力站", "station", "Station"}},
    {"plant", {"设备间", "plant room", "Technikraum"}},
    {"other", {"其他", "other", "sonstiges"}},
};

static const struct heng_archive_choice serves[] = {
    {"household", {"住户", "household", "Wohnung"}}, {"shop", {"商铺", "shop", "Laden"}},
    {"common", {"公共区域", "common", "Allgemein"}}, {"building", {"楼栋总表", "building", "Gebäude"}},
    {"station", {"站总表", "station", "Station"}},   {"source", {"热源总表", "source", "Quelle"}},
    {"check", {"考核表", "check", "Kontrolle"}},
};

static const struct heng_archive_choice transports[] = {
    {"tcp", {"TCP", "TCP", "TCP"}},
    {"dtu", {"DTU", "DTU", "DTU"}},
    {"serial", {"串口", "serial", "seriell"}},
    {"rfc2217", {"RFC 2217", "RFC 2217", "RFC 2217"}},
    {"udp", {"UDP", "UDP", "UDP"}},
};
static const struct heng_archive_choice parities[] = {
    {"E", {"偶校验", "even", "gerade"}}, {"N", {"无校验", "none", "keine"}}, {"O", {"奇校验", "odd", "ungerade"}}};
static const struct heng_archive_choice rts[] = {
    {"none", {"无", "none", "keine"}},
    {"kernel", {"驱动", "kernel", "Treiber"}},
    {"send-high", {"发送为高", "send-high", "Senden hoch"}},
    {"send-low", {"发送为低", "send-low", "Senden tief"}},
};
static const struct heng_archive_choice overloads[] = {
    {"none", {"无", "none", "keine"}},
    {"cts-low", {"CTS 低", "cts-low", "CTS tief"}},
    {"dsr-low", {"DSR 低", "dsr-low", "DSR tief"}},
    {"dcd-low", {"DCD 低", "dcd-low", "DCD tief"}},
    {"ri-high", {"RI 高", "ri-high", "RI hoch"}},
};
static const struct heng_archive_choice positions[] = {
    {"corner", {"边户", "corner", "Ecke"}},
    {"top", {"顶层", "top", "Dachgeschoss"}},
    {"ground", {"底层", "ground", "Erdgeschoss"}},
    {"middle", {"中间户", "middle", "Mitte"}},
    {"corner top", {"边户顶层", "corner top", "Ecke oben"}},
    {"corner ground", {"边户底层", "corner ground", "Ecke unten"}},
};
static const struct heng_archive_choice orientations[] = {
    {"N", {"北", "N", "Nord"}},         {"NE", {"东北", "NE", "Nordost"}},  {"E", {"东", "E", "Ost"}},
    {"SE", {"东南", "SE", "Südost"}},   {"S", {"南", "S", "Süd"}},          {"SW", {"西南", "SW", "Südwest"}},
    {"W", {"西", "W", "West"}},         {"NW", {"西北", "NW", "Nordwest"}}, {"NS", {"南北", "NS", "Nord-Süd"}},
    {"EW", {"东西", "EW", "Ost-West"}},
};

static const struct heng_archive_column orgs[HENG_ORG_COLUMNS] = {
    [HENG_ORG_KEY] = {.key = "key",
                      KEY(64),
                      NEEDED,
                      TITLE("单位编号", "organisation key", "Schlüssel der Organisation"),
                      .also = "key|编号|schlüssel",
                      NOTE("简短且唯一,不再改变", "short, its own, and never changed", "kurz, eindeutig, bleibt")},
    [HENG_ORG_NAME] = {.key = "name",
                       TEXT(96),
                       NEEDED,
                       TITLE("单位名称", "name", "Name"),
                       .also = "名称|organisation",
                       NOTE("例如物业公司的名称", "of the property company, say", "etwa der Hausverwaltung")},
};

static const struct heng_archive_column gateways[HENG_GATEWAY_COLUMNS] = {
    [HENG_GATEWAY_KEY] = {.key = "key",
                          KEY(64),
                          NEEDED,
                          TITLE("集中器编号", "gateway key", "Gateway-Schlüssel"),
                          .also = "key|编号|网关编号|schlüssel",
                          NOTE("集中器唯一编号", "the gateway's own key", "eigener Schlüssel des Gateways")},
    [HENG_GATEWAY_NAME] =
        {.key = "name", TEXT(96), NEEDED, TITLE("集中器名称", "name", "Name"), .also = "名称|网关名称"},
    [HENG_GATEWAY_PARENT] = {.key = "parent",
                             KEY(64),
                             TITLE("上级集中器", "parent gateway", "übergeordnetes Gateway"),
                             .also = "parent|上级",
                             NOTE("空:直接连接中心", "empty: it talks to the centre",
                                  "leer: spricht mit der Zentrale")},
    [HENG_GATEWAY_ORG] = {.key = "org", KEY(64), TITLE("管理单位", "organisation", "Organisation"), .also = "org"},
    [HENG_GATEWAY_JOURNAL_MB] = {.key = "journal_mb",
                                 WHOLE(0, 1 << 20),
                                 TITLE("日志容量(MB)", "journal MB", "Journal MB"),
                                 NOTE("空或 0:默认", "empty or 0: the usual", "leer oder 0: üblich")},
    [HENG_GATEWAY_JOURNAL_DAYS] = {.key = "journal_days",
                                   WHOLE(0, 3650),
                                   TITLE("日志天数", "journal days", "Journal Tage"),
                                   NOTE("空或 0:默认", "empty or 0: the usual", "leer oder 0: üblich")},
};

static const struct heng_archive_column lines[HENG_LINE_COLUMNS] = {
    [HENG_LINE_KEY] = {.key = "key",
                       KEY(64),
                       NEEDED,
                       TITLE("线路编号", "line key", "Linienschlüssel"),
                       .also = "key|编号|通道编号|schlüssel"},
    [HENG_LINE_NAME] = {.key = "name", TEXT(96), NEEDED, TITLE("线路名称", "name", "Name"), .also = "名称|通道名称"},
    [HENG_LINE_GATEWAY] = {.key = "gateway",
                           KEY(64),
                           TITLE("集中器", "gateway", "Gateway"),
                           .also = "网关",
                           NOTE("空:由中心抄读", "empty: the centre reads it", "leer: die Zentrale liest")},
    [HENG_LINE_ORG] = {.key = "org", KEY(64), TITLE("管理单位", "organisation", "Organisation"), .also = "org"},
    [HENG_LINE_TRANSPORT] = {.key = "transport",
                             .kind = HENG_ARCHIVE_CHOICE,
                             NEEDED,
                             CHOICES(transports),
                             TITLE("连接方式", "transport", "Verbindung")},
    [HENG_LINE_ENDPOINT] = {.key = "endpoint",
                            TEXT(128),
                            NEEDED,
                            TITLE("地址或端口", "endpoint", "Endpunkt"),
                            .also = "接入地址",
                            NOTE("TCP:主机:端口;DTU:注册码;串口:设备路径",
                                 "TCP: host:port; DTU: what it registers with; "
                                 "serial: path of the device",
                                 "TCP: Rechner:Port; DTU: Anmeldung; seriell: Gerätepfad")},
    [HENG_LINE_BAUD] = {.key = "baud",
                        WHOLE(300, 921600),
                        TITLE("波特率", "baud", "Baud"),
                        NOTE("默认 2400", "2400 when empty", "leer: 2400")},
    [HENG_LINE_PARITY] = {.key = "parity",
                          .kind = HENG_ARCHIVE_CHOICE,
                          CHOICES(parities),
                          TITLE("校验", "parity", "Parität")},
    [HENG_LINE_LATENCY] = {.key = "latency_ms",
                           WHOLE(0, 60000),
                           TITLE("时延(毫秒)", "latency ms", "Latenz ms"),
                           NOTE("默认 300", "300 when empty", "leer: 300")},
    [HENG_LINE_PERIOD] = {.key = "period_s",
                          WHOLE(1, 31 * 86400),
                          TITLE("抄表周期(秒)", "period s", "Leseabstand s"),
                          NOTE("默认 3600", "3600 when empty", "leer: 3600")},
    [HENG_LINE_HEARTBEAT] = {.key = "heartbeat", TEXT(64), TITLE("心跳", "heartbeat", "Heartbeat")},
    [HENG_LINE_HEARTBEAT_S] = {.key = "heartbeat_s",
                               WHOLE(0, 86400),
                               TITLE("心跳间隔(秒)", "heartbeat s", "Heartbeat s")},
    [HENG_LINE_RTS] = {.key = "rts", .kind = HENG_ARCHIVE_CHOICE, CHOICES(rts), TITLE("RTS", "RTS", "RTS")},
    [HENG_LINE_OVERLOAD] = {.key = "overload",
                            .kind = HENG_ARCHIVE_CHOICE,
                            CHOICES(overloads),
                            TITLE("过载信号", "overload signal", "Überlastsignal"),
                            .also = "overload"},
    [HENG_LINE_INFRARED] = {.key = "infrared",
                            .kind = HENG_ARCHIVE_CHOICE,
                            CHOICES(yes_no),
                            TITLE("红外", "infrared", "Infrarot")},
    [HENG_LINE_WAKE_BYTE] = {.key = "wake_byte", WHOLE(0, 255), TITLE("唤醒字节", "wake byte", "Weckbyte")},
    [HENG_LINE_WAKE_MS] = {.key = "wake_ms", WHOLE(0, 10000), TITLE("唤醒时间(毫秒)", "wake ms", "Wecken ms")},
    [HENG_LINE_WAKE_REST_MS] = {.key = "wake_rest_ms",
                                WHOLE(0, 10000),
                                TITLE("唤醒后静默(毫秒)", "wake rest ms", "Ruhe nach Wecken ms")},
    [HENG_LINE_WAKE_AFTER_S] = {.key = "wake_after_s",
                                WHOLE(0, 86400),
                                TITLE("休眠时间(秒)", "wake after s", "Wecken nach s")},
    [HENG_LINE_QUARANTINE] = {.key = "quarantine_after",
                              WHOLE(0, 100),
                              TITLE("隔离次数", "quarantine after", "Quarantäne nach")},
    [HENG_LINE_SINGLE] = {.key = "single_reads",
                          .kind = HENG_ARCHIVE_CHOICE,
                          CHOICES(yes_no),
                          TITLE("单次抄读", "single reads", "einfach lesen")},
};

static const struct heng_archive_column places[HENG_PLACE_COLUMNS] = {
    [HENG_PLACE_KEY] = {.key = "key",
                        KEY(64),
                        NEEDED,
                        TITLE("位置编号", "place key", "Ortsschlüssel"),
                        .also = "key|编号|schlüssel",
                        NOTE("唯一,不再改变", "its own, and never changed", "eindeutig, bleibt")},
    [HENG_PLACE_PARENT] = {.key = "parent",
                           KEY(64),
                           TITLE("上级编号", "parent key", "übergeordneter Ort"),
                           .also = "parent|上级",
                           NOTE("空:最上级", "empty: it stands at the top", "leer: steht oben")},
    [HENG_PLACE_KIND] =
        {.key = "kind", .kind = HENG_ARCHIVE_CHOICE, NEEDED, CHOICES(place_kinds), TITLE("类型", "kind", "Art")},
    [HENG_PLACE_NAME] = {.key = "name", TEXT(96), NEEDED, TITLE("名称", "name", "Name")},
    [HENG_PLACE_ORG] = {.key = "org",
                        KEY(64),
                        TITLE("管理单位", "organisation", "Organisation"),
                        .also = "org",
                        NOTE("管理此处及其下级的单位", "manages it and what is below",
                             "verwaltet den Ort und alles darunter")},
    [HENG_PLACE_AREA] = {.key = "area_m2",
                         .kind = HENG_ARCHIVE_NUMBER,
                         .low = 0,
                         .high = 10000000,
                         TITLE("面积(m2)", "area m2", "Fläche m2"),
                         .also = "面积|建筑面积|供热面积|fläche"},
    [HENG_PLACE_FLOOR] = {.key = "floor", WHOLE(-20, 300), TITLE("楼层", "floor", "Etage"), .also = "stockwerk"},
    [HENG_PLACE_POSITION] = {.key = "position",
                             .kind = HENG_ARCHIVE_CHOICE,
                             CHOICES(positions),
                             TITLE("户型位置", "position", "Lage")},
    [HENG_PLACE_ORIENTATION] = {.key = "orientation",
                                .kind = HENG_ARCHIVE_CHOICE,
                                CHOICES(orientations),
                                TITLE("朝向", "orientation", "Ausrichtung")},
    [HENG_PLACE_RANK] = {.key = "rank", WHOLE(-1000000, 1000000), TITLE("排序", "rank", "Reihenfolge")},
    [HENG_PLACE_NOTE] = {.key = "note", TEXT(256), TITLE("备注", "note", "Bemerkung")},
    [HENG_PLACE_CLOSED] = {.key = "closed", .kind = HENG_ARCHIVE_DAY, TITLE("停用时间", "closed", "geschlossen")},
};

static const struct heng_archive_column meters[HENG_METER_COLUMNS] = {
    [HENG_METER_AREA_NAME] = {.key = "area",
                              TEXT(96),
                              TITLE("小区", "area", "Gebiet"),
                              .also = "小区名称|区域",
                              NOTE("没有的会新建;各级可省略", "what is not there is made; a level may be left out",
                                   "was fehlt, wird angelegt; Ebenen dürfen fehlen")},
    [HENG_METER_BUILDING] = {.key = "building", TEXT(96), TITLE("楼栋", "building", "Gebäude"), .also = "楼号|栋|haus"},
    [HENG_METER_UNIT] = {.key = "unit", TEXT(96), TITLE("单元", "unit", "Aufgang"), .also = "单元号|entrance|eingang"},
    [HENG_METER_FLOOR] = {.key = "floor",
                          WHOLE(-20, 300),
                          TITLE("楼层", "floor", "Etage"),
                          .also = "层|stockwerk",
                          NOTE("整数,地下为负", "a whole number, below ground negative",
                               "ganze Zahl, unter der Erde negativ")},
    [HENG_METER_FLAT] = {.key = "flat",
                         TEXT(96),
                         TITLE("房号", "flat", "Wohnung"),
                         .also = "户号|房间号|门牌|门牌号|household",
                         NOTE("空:表计属于上一级(例如楼栋总表)",
                              "empty: the meter measures the level above, as a building's main meter",
                              "leer: der Zähler misst die Ebene darüber, etwa das Gebäude")},
    [HENG_METER_KIND] = {.key = "kind",
                         .kind = HENG_ARCHIVE_CHOICE,
                         CHOICES(place_kinds),
                         TITLE("类型", "kind of place", "Art des Ortes"),
                         .also = "kind|房屋类型",
                         NOTE("默认住户", "household when empty", "leer: Wohnung")},
    [HENG_METER_AREA] = {.key = "area_m2",
                         .kind = HENG_ARCHIVE_NUMBER,
                         .low = 0,
                         .high = 10000000,
                         TITLE("面积(m2)", "area m2", "Fläche m2"),
                         .also = "面积|建筑面积|供热面积|fläche|m2"},
    [HENG_METER_POSITION] = {.key = "position",
                             .kind = HENG_ARCHIVE_CHOICE,
                             CHOICES(positions),
                             TITLE("户型位置", "position", "Lage")},
    [HENG_METER_ORIENTATION] = {.key = "orientation",
                                .kind = HENG_ARCHIVE_CHOICE,
                                CHOICES(orientations),
                                TITLE("朝向", "orientation", "Ausrichtung")},
    [HENG_METER_NOTE] = {.key = "occupant",
                         TEXT(256),
                         TITLE("户主", "household name", "Bewohner"),
                         .also = "业主|住户姓名|备注|note|bemerkung|mieter|occupant",
                         NOTE("记在位置的备注里", "kept in the note of the place", "steht in der Bemerkung des Ortes")},
    [HENG_METER_PLACE] = {.key = "place",
                          KEY(64),
                          TITLE("位置编号", "place key", "Ortsschlüssel"),
                          .also = "place",
                          NOTE("代替小区至房号各列;必须已存在",
                               "instead of the columns from area to flat; it must be known",
                               "statt der Spalten von Gebiet bis Wohnung; muss bekannt sein")},
    [HENG_METER_NUMBER] = {.key = "number",
                           KEY(24),
                           TITLE("表号", "meter number", "Zählernummer"),
                           .also = "表计编号|水表号|热表号|电表号|number|meter no|serial number|zählernr|seriennummer",
                           NOTE("表牌上的编号;空:只登记位置", "as on its plate; empty: the row is only about the place",
                                "wie auf dem Schild; leer: nur der Ort")},
    [HENG_METER_MAKER] = {.key = "manufacturer",
                          KEY(16),
                          TITLE("厂家", "maker", "Hersteller"),
                          .also = "厂商|生产厂家|manufacturer"},
    [HENG_METER_MEDIUM] = {.key = "medium",
                           .kind = HENG_ARCHIVE_CHOICE,
                           CHOICES(media),
                           TITLE("介质", "medium", "Medium"),
                           .also = "表类型|能源|sparte"},
    [HENG_METER_PROTOCOL] = {.key = "protocol",
                             .kind = HENG_ARCHIVE_CHOICE,
                             CHOICES(protocols),
                             TITLE("协议", "protocol", "Protokoll"),
                             .also = "通讯协议"},
    [HENG_METER_LINE] = {.key = "line",
                         TEXT(96),
                         TITLE("线路", "line", "Linie"),
                         .also = "线路编号|通道|line key",
                         NOTE("线路的编号或名称;空:不远程抄读",
                              "key or name of its line; empty: it is not read over a line",
                              "Schlüssel oder Name der Linie; leer: wird nicht über eine Linie gelesen")},
    [HENG_METER_ADDRESS] = {.key = "address",
                            KEY(24),
                            TITLE("通讯地址", "address", "Adresse"),
                            .also = "表地址|地址",
                            NOTE("空:等于表号", "empty: the meter number", "leer: die Zählernummer")},
    [HENG_METER_PROFILE] = {.key = "profile",
                            KEY(48),
                            TITLE("表型", "meter model", "Zählertyp"),
                            .also = "型号|profile|modell",
                            NOTE("heng profile list 列出的名称", "a name of 'heng profile list'",
                                 "ein Name aus 'heng profile list'")},
    [HENG_METER_SCHEDULE] = {.key = "schedule", TEXT(96), TITLE("抄表计划", "schedule", "Leseplan")},
    [HENG_METER_RELAY] = {.key = "relay", TEXT(96), TITLE("采集器", "relay", "Sammler"), .also = "中继"},
    [HENG_METER_CABLE] = {.key = "cable",
                          WHOLE(0, 100000),
                          TITLE("线上位置", "place on the cable", "Platz am Kabel"),
                          .also = "cable|接线顺序"},
    [HENG_METER_FACTOR] = {.key = "multiplier",
                           .kind = HENG_ARCHIVE_NUMBER,
                           .low = 0,
                           .high = 1000000,
                           TITLE("倍率", "multiplier", "Faktor"),
                           .also = "变比|wandlerfaktor",
                           NOTE("默认 1", "1 when empty", "leer: 1")},
    [HENG_METER_DIGITS] = {.key = "digits",
                           WHOLE(0, 15),
                           TITLE("整数位数", "digits", "Vorkommastellen"),
                           .also = "位数",
                           NOTE("计数器小数点前的位数", "of the counter, before the point",
                                "des Zählwerks vor dem Komma")},
    [HENG_METER_START_INDEX] = {.key = "start_index",
                                .kind = HENG_ARCHIVE_NUMBER,
                                .low = 0,
                                .high = INT64_C(1000000000000),
                                TITLE("起始读数", "start index", "Anfangsstand"),
                                .also = "初始读数|底数|startstand"},
    [HENG_METER_START] = {.key = "start",
                          .kind = HENG_ARCHIVE_DAY,
                          TITLE("起始日期", "start date", "Einbau am"),
                          .also = "安装日期|start|installed|einbaudatum",
                          NOTE("空:导入的时刻", "empty: now", "leer: jetzt")},
    [HENG_METER_NOMINAL] = {.key = "nominal",
                            TEXT(64),
                            TITLE("口径/规格", "nominal size", "Nenngröße"),
                            .also = "口径|规格|nominal|nennweite",
                            NOTE("例如 DN20、2.5 m3/h、5(60) A", "as on the plate: DN20, 2.5 m3/h, 5(60) A",
                                 "wie auf dem Schild: DN20, 2,5 m3/h, 5(60) A")},
    [HENG_METER_MAIN] = {.key = "main",
                         KEY(64),
                         TITLE("总表", "main meter", "Hauptzähler"),
                         .also = "上级表|总表号|main",
                         NOTE("总表的表号,或其计量点编号", "number of the main meter, or key of its point",
                              "Nummer des Hauptzählers oder Schlüssel seiner Messstelle")},
    [HENG_METER_SERVES] = {.key = "serves",
                           .kind = HENG_ARCHIVE_CHOICE,
                           CHOICES(serves),
                           TITLE("用途", "serves", "dient"),
                           .also = "计量对象"},
    [HENG_METER_GROUP] = {.key = "group", TEXT(64), TITLE("规则组", "rule group", "Regelgruppe"), .also = "group|分组"},
    [HENG_METER_POINT] = {.key = "point",
                          KEY(64),
                          TITLE("计量点编号", "point key", "Messstelle"),
                          .also = "point|计量点",
                          NOTE("空:自动生成", "empty: it is made", "leer: wird gebildet")},
    [HENG_METER_POINT_NAME] = {.key = "point_name", TEXT(96), TITLE("计量点名称", "point name", "Name der Messstelle")},
    [HENG_METER_CLOSED] = {.key = "closed", .kind = HENG_ARCHIVE_DAY, TITLE("停用时间", "closed", "geschlossen")},
    [HENG_METER_PATH] = {.key = "path",
                         .kind = HENG_ARCHIVE_INFO,
                         TITLE("完整位置", "full place", "ganzer Ort"),
                         NOTE("仅供阅读", "to read only", "nur zum Lesen")},
};

static const struct heng_archive_column past[HENG_PAST_COLUMNS] = {
    [HENG_PAST_POINT] =
        {.key = "point", KEY(64), NEEDED, TITLE("计量点编号", "point key", "Messstelle"), .also = "point"},
    [HENG_PAST_NUMBER] = {.key = "number", KEY(24), NEEDED, TITLE("原表号", "former meter number", "früherer Zähler")},
    [HENG_PAST_MAKER] = {.key = "manufacturer", KEY(16), TITLE("厂家", "maker", "Hersteller"), .also = "manufacturer"},
    [HENG_PAST_FROM] = {.key = "from", .kind = HENG_ARCHIVE_DAY, NEEDED, TITLE("安装时间", "from", "von")},
    [HENG_PAST_UNTIL] = {.key = "until", .kind = HENG_ARCHIVE_DAY, NEEDED, TITLE("拆除时间", "until", "bis")},
    [HENG_PAST_FACTOR] = {.key = "multiplier",
                          .kind = HENG_ARCHIVE_NUMBER,
                          .low = 0,
                          .high = 1000000,
                          TITLE("倍率", "multiplier", "Faktor")},
    [HENG_PAST_DIGITS] = {.key = "digits", WHOLE(0, 15), TITLE("整数位数", "digits", "Vorkommastellen")},
};

static const struct heng_archive_column virtuals[HENG_VIRTUAL_COLUMNS] = {
    [HENG_VIRTUAL_POINT] = {.key = "point",
                            KEY(64),
                            NEEDED,
                            TITLE("虚拟点编号", "virtual point key", "virtuelle Messstelle"),
                            .also = "virtual point",
                            NOTE("一行一个被加项", "a row for each point of the sum", "eine Zeile je Summand")},
    [HENG_VIRTUAL_NAME] = {.key = "name", TEXT(96), TITLE("名称", "name", "Name")},
    [HENG_VIRTUAL_PLACE] =
        {.key = "place", KEY(64), NEEDED, TITLE("位置编号", "place key", "Ortsschlüssel"), .also = "place"},
    [HENG_VIRTUAL_MEDIUM] =
        {.key = "medium", .kind = HENG_ARCHIVE_CHOICE, NEEDED, CHOICES(media), TITLE("介质", "medium", "Medium")},
    [HENG_VIRTUAL_SERVES] = {.key = "serves",
                             .kind = HENG_ARCHIVE_CHOICE,
                             CHOICES(serves),
                             TITLE("用途", "serves", "dient")},
    [HENG_VIRTUAL_OF] = {.key = "of",
                         KEY(64),
                         NEEDED,
                         TITLE("分项", "of", "aus"),
                         .also = "被加表|summand",
                         NOTE("计量点编号或表号", "key of a point, or number of a meter",
                              "Schlüssel einer Messstelle oder Zählernummer")},
    [HENG_VIRTUAL_NUM] = {.key = "factor",
                          WHOLE(-1000000, 1000000),
                          TITLE("系数", "factor", "Faktor"),
                          NOTE("减去写 -1", "-1 to subtract", "-1 zum Abziehen")},
    [HENG_VIRTUAL_DEN] = {.key = "divisor",
                          WHOLE(1, 1000000),
                          TITLE("除数", "divisor", "Teiler"),
                          NOTE("默认 1", "1 when empty", "leer: 1")},
};

#define SHEET(name, columns_of, zh, en, de)                                                                            \
    {                                                                                                                  \
        (name), {(zh), (en), (de)}, (columns_of), sizeof(columns_of) / sizeof(columns_of)[0]                           \
    }

static const struct heng_archive_sheet sheets[HENG_ARCHIVE_TABLES] = {
    [HENG_ARCHIVE_ORGS] = SHEET("organisations", orgs, "单位", "Organisations", "Organisationen"),
    [HENG_ARCHIVE_GATEWAYS] = SHEET("gateways", gateways, "集中器", "Gateways", "Gateways"),
    [HENG_ARCHIVE_LINES] = SHEET("lines", lines, "线路", "Lines", "Linien"),
    [HENG_ARCHIVE_PLACES] = SHEET("places", places, "位置", "Places", "Orte"),
    [HENG_ARCHIVE_METERS] = SHEET("meters", meters, "表计", "Meters", "Zähler"),
    [HENG_ARCHIVE_PAST] = SHEET("former-meters", past, "历史表计", "Former meters", "Frühere Zähler"),
    [HENG_ARCHIVE_VIRTUAL] = SHEET("virtual-points", virtuals, "虚拟点", "Virtual points", "Virtuelle Messstellen"),
};

const char *heng_archive_language_text(heng_archive_language language)
{
    static const char *const texts[HENG_ARCHIVE_LANGUAGES] = {"zh", "en", "de"};
    return language < HENG_ARCHIVE_LANGUAGES ? texts[language] : "";
}

heng_archive_language heng_archive_language_of(const char *text)
{
    heng_archive_language language = HENG_ARCHIVE_ZH;
    while (language < HENG_ARCHIVE_LANGUAGES && strcmp(heng_archive_language_text(language), text) != 0) language++;
    return language;
}

const struct heng_archive_sheet *heng_archive_sheet_of(heng_archive_table table) { return &sheets[table]; }

heng_archive_table heng_archive_table_of(const char *key)
{
    heng_archive_table table = HENG_ARCHIVE_ORGS;
    while (table < HENG_ARCHIVE_TABLES && strcmp(sheets[table].key, key) != 0) table++;
    return table;
}

const char *heng_archive_notes_title(heng_archive_language language)
{
    static const char *const titles[HENG_ARCHIVE_LANGUAGES] = {"说明", "Explanations", "Erläuterungen"};
    return titles[language];
}

/* --- what people write -------------------------------------------------------------------------------------------- */

enum { PLAIN_MAX = 160 };

/* Bare of what does not matter: ASCII in lower case, without blanks, stars, underscores and hyphens; when bare of
 * brackets, too, "area (m2)" and "面积(m2)" are area and 面积. Too long means nothing. */
static void make_plain(struct heng_slice text, bool brackets, char ret[static PLAIN_MAX])
{
    uint8_t memory[PLAIN_MAX];
    struct heng_buf clean = heng_buf_of(memory, sizeof memory - 1);
    struct heng_err err;
    size_t n = 0;
    bool inside = false;
    ret[0] = '\0';
    if (heng_clean_key(text, &clean, &err) != HENG_OK) return;
    for (size_t i = 0; i < clean.n; i++) {
        char c = (char)clean.p[i];
        if (c == '(' && !brackets) inside = true;
        if (c >= 'A' && c <= 'Z') c = (char)(c + 'a' - 'A');
        bool drop = c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '*' || c == '_' || c == '-' || c == '(' ||
                    c == ')' || c == '.' || c == ':' || c == '/';
        if (!inside && !drop) ret[n++] = c;
        if (clean.p[i] == ')') inside = false;
    }
    ret[n] = '\0';
}

static bool is_plain(const char *candidate, size_t n, const char *plain, bool brackets)
{
    char other[PLAIN_MAX], first = candidate[0]; /* ours begin with what stays */
    if (first >= 'A' && first <= 'Z') first = (char)(first + 'a' - 'A');
    if (first != plain[0]) return false;
    make_plain(heng_slice_of(candidate, n), brackets, other);
    return other[0] && strcmp(other, plain) == 0;
}

static bool is_also(const char *also, const char *plain, bool brackets)
{
    while (also && *also) {
        size_t n = strcspn(also, "|");
        if (is_plain(also, n, plain, brackets)) return true;
        also += n + (also[n] == '|');
    }
    return false;
}

static bool column_is(const struct heng_archive_column *column, const char *plain, bool brackets)
{
    bool is = is_plain(column->key, strlen(column->key), plain, brackets) || is_also(column->also, plain, brackets);
    for (size_t i = 0; !is && i < HENG_ARCHIVE_LANGUAGES; i++)
        is = is_plain(column->title[i], strlen(column->title[i]), plain, brackets);
    return is;
}

size_t heng_archive_find_column(const struct heng_archive_sheet *sheet, struct heng_slice header)
{
    char plain[PLAIN_MAX];
    for (int round = 0; round < 2; round++) { /* as it stands, then without what is in brackets */
        make_plain(header, round == 0, plain);
        for (size_t i = 0; plain[0] && i < sheet->column_count; i++)
            if (column_is(&sheet->columns[i], plain, round == 0)) return i;
    }
    return sheet->column_count;
}

const char *heng_archive_find_choice(const struct heng_archive_column *column, struct heng_slice cell)
{
    char plain[PLAIN_MAX];
    for (size_t i = 0; i < column->choice_count; i++) { /* most cells say it as the template does */
        const struct heng_archive_choice *choice = &column->choices[i];
        if (heng_slice_is(cell, choice->word)) return choice->word;
        for (size_t k = 0; k < HENG_ARCHIVE_LANGUAGES; k++)
            if (heng_slice_is(cell, choice->title[k])) return choice->word;
    }
    make_plain(cell, true, plain);
    for (size_t i = 0; plain[0] && i < column->choice_count; i++) {
        const struct heng_archive_choice *choice = &column->choices[i];
        if (is_plain(choice->word, strlen(choice->word), plain, true)) return choice->word;
        for (size_t k = 0; k < HENG_ARCHIVE_LANGUAGES; k++)
            if (is_plain(choice->title[k], strlen(choice->title[k]), plain, true)) return choice->word;
    }
    return NULL;
}

const char *heng_archive_choice_title(const struct heng_archive_column *column, const char *word,
                                      heng_archive_language language)
{
    for (size_t i = 0; i < column->choice_count; i++)
        if (strcmp(column->choices[i].word, word) == 0) return column->choices[i].title[language];
    return word;
}
