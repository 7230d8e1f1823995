#ifndef HENG_APP_CMD_WEATHER_H
#define HENG_APP_CMD_WEATHER_H
int heng_cmd_weather(int argc, char **argv);
#endif
